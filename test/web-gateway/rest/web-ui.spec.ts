/** The web UI's files, as the gateway sends them. */
import { once } from 'node:events';
import { gunzipSync, gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { eventually } from '../../support/eventually.ts';
import { startGateway, type Answer, type GatewayFixture } from '../support/gateway-fixture.ts';

const BROWSER = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8', 'accept-encoding': 'gzip' };
/** What the first page may cost, in bytes over the wire. */
const FIRST_LOAD = 300_000;

describe('the web UI’s files', () => {
  let gateway: GatewayFixture;
  before(async () => {
    gateway = await startGateway();
  });
  after(() => gateway.close());

  const browse = (path: string, headers: Readonly<Record<string, string>> = BROWSER): Promise<Answer> => gateway.call(path, { as: null, headers });
  const textOf = ({ headers, body }: Answer): string => (headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body).toString();

  it('are the same page at every address that a browser goes to', async () => {
    const page = await browse('/');
    expect(page.status).to.equal(200);
    expect(page.headers).to.include({ 'cache-control': 'no-cache', 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' });
    expect(page.headers['content-type']).to.match(/^text\/html/);
    for (const path of ['/environments/e1?tab=containers', '/settings/users', '/no/such/page']) expect(textOf(await browse(path)), path).to.equal(textOf(page));
    // As curl and watchers of servers ask.
    for (const path of ['/', '/?check=1']) expect(textOf(await browse(path, { accept: '*/*' })), path).to.equal(textOf(page));
  });

  it('run no script but their own, and ask nobody else', async () => {
    const directives = Object.fromEntries(String((await browse('/')).headers['content-security-policy']).split('; ').map((directive): [string, string] => [directive.split(' ')[0] ?? '', directive.split(' ').slice(1).join(' ')]));
    expect(directives).to.include({ 'default-src': "'none'", 'script-src': "'self'", 'connect-src': "'self'", 'frame-ancestors': "'none'", 'base-uri': "'none'" });
  });

  it('are kept by browsers for ever where their names say what is in them, and come compressed', async () => {
    const [, script = ''] = /src="(\/assets\/[^"]+\.js)"/.exec(textOf(await browse('/'))) ?? [];
    const sent = await browse(script);
    expect(sent.headers).to.include({ 'content-encoding': 'gzip', 'cache-control': 'public, max-age=31536000, immutable' });
    expect((await browse(script, {})).headers['content-encoding'], 'for who takes nothing else').to.equal(undefined);
  });

  it('cost less than 300 kB before the first page is shown', async () => {
    const html = textOf(await browse('/'));
    const files = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, file = '']) => file);
    const sizes = await Promise.all(files.map(async (file) => (await browse(file)).body.length));
    expect(files).to.have.length.of.at.least(3);
    expect(gzipSync(html).length + sizes.reduce((sum, size) => sum + size, 0)).to.be.below(FIRST_LOAD);
  });

  it('are not held open by who asks for many and takes none', async () => {
    const impatient = await startGateway({ limits: { downloadStallMs: 100 } });
    try {
      const [, script = ''] = /src="(\/assets\/[^"]+\.js)"/.exec(textOf(await browse('/'))) ?? [];
      const client = await impatient.connect();
      client.on('error', () => undefined).pause();
      const ours = await eventually('the server’s end', () => [...impatient.serverSockets][0]);
      // More than sockets take.
      client.write(`GET ${script} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(16));
      await once(ours, 'close');
      client.destroy();
    } finally {
      await impatient.close();
    }
  });

  it('are not shown in place of what is not there', async () => {
    for (const path of ['/assets/none.js', '/assets/..%2findex.html', '/api/v1/nosuch', '/api/nosuch', '/agent/nosuch', '/metrics/nosuch']) {
      const { status, json } = await browse(path, { accept: 'text/html' });
      expect({ path, status, code: json['code'] }).to.deep.equal({ path, status: 404, code: 'not-found' });
    }
    expect((await browse('/no/such/page', { accept: 'application/json' })).json).to.include({ status: 404, code: 'not-found' });
  });
});
