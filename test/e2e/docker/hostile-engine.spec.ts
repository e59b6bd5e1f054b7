/** An engine that means harm gains nothing on the UI's origin, and slips nothing past the record. */
import { expect } from 'chai';
import { listEvents } from './support/events.ts';
import { httpAnswer, startHostileEngine } from './support/hostile-engine.ts';
import type { HostileEngine } from './support/hostile-engine.ts';
import { eventually } from '../../support/eventually.ts';
import { sendRaw } from './support/raw-connection.ts';
import { createRest, signInByRest } from './support/rest.ts';
import type { Rest, SignedIn } from './support/rest.ts';
import { startSite } from './support/site.ts';
import type { Site } from './support/site.ts';

const PAGE = '<html><script>fetch("/api/v1/api-keys", { method: "POST" })</script></html>';
const HARMFUL_HEADERS = [
  'Content-Type: text/html',
  'Set-Cookie: __Host-homeport=stolen; Path=/; Secure',
  'Access-Control-Allow-Origin: https://evil.example',
  'Access-Control-Allow-Credentials: true',
  "Content-Security-Policy: default-src * 'unsafe-inline'",
  'Service-Worker-Allowed: /',
  'Clear-Site-Data: "*"',
  'Refresh: 0; url=https://evil.example',
  'X-Content-Type-Options: whatever',
];
const SWITCHING = 'HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n';

describe('a hostile engine behind a real agent', function () {
  this.timeout(60_000);
  let engine: HostileEngine | undefined;
  let started: Site | undefined;
  let signedIn: SignedIn = { sessionToken: '', apiKey: '' };
  let prefix = '';

  before(async () => {
    engine = await startHostileEngine();
    started = await startSite(engine.dockerHost);
    signedIn = await signInByRest(started.server);
    const [created] = await listEvents(started.server, '--type', 'EnvironmentCreated');
    prefix = `/api/v1/environments/${String(created?.data.environmentId)}/docker`;
  });
  after(async () => {
    await started?.stop();
    await engine?.stop();
  });

  function parts(): { readonly engine: HostileEngine; readonly site: Site; readonly rest: Rest; readonly authorization: string } {
    if (engine === undefined || started === undefined) throw new Error('there is no engine, or no site');
    return { engine, site: started, rest: createRest(started.server, signedIn.apiKey), authorization: `Authorization: Bearer ${signedIn.apiKey}` };
  }

  it('its pages, scripts, cookies and headers have no power on our origin', async () => {
    const { rest } = parts();
    parts().engine.answer('/containers/json', httpAnswer('200 OK', HARMFUL_HEADERS, PAGE));
    const { status, headers, body } = await rest.call('GET', `${prefix}/containers/json`, { headers: { origin: parts().site.server.url } });
    expect({ status, body }).to.deep.equal({ status: 200, body: PAGE });
    expect(headers['content-security-policy']).to.match(/^sandbox; default-src 'none'(;|$)/);
    expect(headers['x-content-type-options']).to.equal('nosniff');
    for (const name of ['set-cookie', 'service-worker-allowed', 'clear-site-data', 'refresh', 'access-control-allow-origin', 'access-control-allow-credentials']) {
      expect(headers, name).to.not.have.property(name);
    }
  });

  it('a browser that is merely pointed at it brings the cookie, and gets nothing', async () => {
    const { site, engine: fake } = parts();
    fake.answer('/containers/lured/json', httpAnswer('200 OK', HARMFUL_HEADERS, PAGE));
    const signed = await createRest(site.server).call('POST', '/api/v1/sessions', { body: site.server.admin });
    const cookie = signed.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
    const rest = createRest(site.server);
    expect((await rest.call('GET', `${prefix}/containers/lured/json`, { headers: { cookie } })).status).to.equal(403);
    expect(fake.received()).to.not.contain('/containers/lured/json');
    const meant = await rest.call('GET', `${prefix}/containers/lured/json`, { headers: { cookie, 'x-homeport-csrf': '1' } });
    expect(meant.status).to.equal(200);
    expect(fake.received()).to.contain('/containers/lured/json').and.to.not.contain(cookie).and.to.not.contain('csrf');
  });

  it('a 101 where none belongs hands no connection over', async () => {
    const { site, engine: fake, authorization } = parts();
    fake.answer('/containers/create', SWITCHING);
    const smuggled = 'POST /containers/smuggled-by-101/kill HTTP/1.1\r\nHost: docker\r\nContent-Length: 0\r\n\r\n';
    for (const upgrade of ['', 'Connection: Upgrade\r\nUpgrade: tcp\r\n']) {
      const request = `POST ${prefix}/containers/create HTTP/1.1\r\nHost: localhost\r\n${authorization}\r\n${upgrade}Content-Length: 0\r\n\r\n`;
      const answer = await sendRaw(site.server, `${request}${smuggled}`);
      expect(answer, 'the answer').to.match(/^HTTP\/1\.1 502 /).and.to.not.contain('101 UPGRADED');
    }
    expect(fake.received()).to.not.contain('smuggled-by-101');
  });

  it('bytes pipelined after /_ping with Upgrade are requests like any other, or nothing', async () => {
    const { site, engine: fake, authorization } = parts();
    fake.answer('/_ping', SWITCHING);
    const ping = `GET ${prefix}/_ping HTTP/1.1\r\nHost: localhost\r\n${authorization}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`;
    const past = 'POST /v1.50/containers/smuggled-past/kill HTTP/1.1\r\nHost: docker\r\nContent-Length: 0\r\n\r\n';
    const open = `POST ${prefix}/containers/in-the-open/kill HTTP/1.1\r\nHost: localhost\r\n${authorization}\r\nContent-Length: 0\r\n\r\n`;
    expect(await sendRaw(site.server, `${ping}${past}`)).to.not.contain('101 UPGRADED');
    expect(await sendRaw(site.server, `${ping}${open}`)).to.not.contain('101 UPGRADED');
    expect(fake.received()).to.not.contain('smuggled-past');
    await allIsRecorded();
  });

  it('what it says unasked is an answer to nobody', async () => {
    const { rest, engine: fake } = parts();
    const poison = httpAnswer('200 OK', ['Content-Type: application/json'], '{"poison":true}');
    fake.answer('/_ping', `${httpAnswer('200 OK', ['Content-Type: text/plain'], 'OK')}${poison}`);
    fake.answer('/images/json', httpAnswer('200 OK', ['Content-Type: application/json'], '[]'));
    for (let index = 0; index < 10; index += 1) {
      await rest.call('GET', `${prefix}/_ping`);
      const { body } = await rest.call('GET', `${prefix}/images/json`);
      expect(body).to.not.contain('poison');
    }
  });

  it('every request that it ever saw is on record', allIsRecorded);

  /** As many calls on record as requests that reached the engine, for each method and path; those that may change something also as started. */
  async function allIsRecorded(): Promise<void> {
    const { site, engine: fake } = parts();
    const requests = [...fake.received().matchAll(/^(GET|POST|PUT|DELETE|HEAD) (\/\S*) HTTP\/1\.1\r$/gm)].map(([, method, target]) => `${method} ${target}`);
    expect(requests).to.not.be.empty;
    const missing = async (type: string, expected: readonly string[]): Promise<readonly string[]> => {
      const recorded = (await listEvents(site.server, '--type', type)).map(({ data }) => `${String(data.method)} ${String(data.path)}`);
      return expected.filter((request) => {
        const at = recorded.indexOf(request);
        if (at !== -1) recorded.splice(at, 1);
        return at === -1;
      });
    };
    const changing = requests.filter((request) => !request.startsWith('GET '));
    await eventually('all requests to be on record', async () => {
      const unrecorded = [...(await missing('ApiCallProxied', requests)), ...(await missing('ApiCallStarted', changing))];
      if (unrecorded.length > 0) throw new Error(`not on record: ${unrecorded.join(', ')}`);
      return true;
    });
  }
});
