/** Signing in by OpenID Connect: a real server, a real provider, and a browser's redirects and cookies between them. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request } from 'node:https';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { createRest } from '../../e2e/docker/support/rest.ts';
import { startHomeport, type HomeportServer } from '../../support/homeport.ts';
import { startOpenIdProvider, type Person, type TestOpenIdProvider } from '../../support/openid-provider.ts';
import { findSecrets } from '../../support/secret-search.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';

const ANN: Person = { subject: 's-ann', preferred_username: 'ann', groups: ['staff', 'homeport-ops'] };
const EVE: Person = { subject: 's-eve', preferred_username: 'admin', groups: ['homeport-audit'] };
const SECRET = 'the secret of the client';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

describe('signing in by OpenID Connect', function () {
  this.timeout(30_000);
  let folder: TemporaryFolder;
  let provider: TestOpenIdProvider;
  let server: HomeportServer;
  let flags: readonly string[];
  let client: Parameters<TestOpenIdProvider['register']>[0];

  before(async () => {
    folder = createTemporaryFolder();
    provider = await startOpenIdProvider();
    const [caFile, secretFile] = ['provider-ca.pem', 'client-secret'].map((name) => path.join(folder.path, name)) as [string, string];
    writeFileSync(caFile, provider.ca);
    writeFileSync(secretFile, `${SECRET}\n`);
    flags = ['--oidc-issuer', provider.issuer, '--oidc-client-id', 'homeport', '--oidc-client-secret-file', secretFile, '--oidc-ca-file', caFile, '--oidc-role-map', 'homeport-ops=operator,homeport-audit=auditor', '--oidc-role-map', 'homeport-admins=admin'];
    server = await startHomeport({ flags });
    await server.signIn();
    client = { id: 'homeport', secret: SECRET, redirectUrl: `${server.url}/api/v1/oidc/callback` };
    provider.register(client);
  });
  after(async () => {
    await server.remove();
    await provider.close();
    folder.remove();
  });

  /** A browser: it keeps each origin's cookies, and follows redirects by itself. */
  function browser() {
    const jars = new Map<string, Map<string, string>>();
    async function get(url: string, method = 'GET', headers: Record<string, string> = {}): Promise<Answer> {
      const { origin } = new URL(url);
      const jar = jars.get(origin) ?? new Map<string, string>();
      jars.set(origin, jar);
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const req = request(url, { method, ca: [provider.ca, server.ca()], agent: false, headers: { accept: 'text/html', ...(cookie === '' ? {} : { cookie }), ...headers } }).end();
      const [res] = (await once(req, 'response')) as [IncomingMessage];
      for (const line of res.headers['set-cookie'] ?? []) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (value === '') jar.delete(name);
        else jar.set(name, value);
      }
      return { status: res.statusCode ?? 0, headers: res.headers, body: await text(res) };
    }
    return {
      get,
      jars,
      /** Follows redirects to where something is shown, or up to the first address that `stopsAt`. */
      async visit(url: string, stopsAt: (url: string) => boolean = () => false): Promise<Answer & { readonly url: string }> {
        let at = new URL(url, server.url).href;
        for (;;) {
          const answer = await get(at);
          if (answer.headers.location === undefined) return { ...answer, url: at };
          at = new URL(answer.headers.location, at).href;
          if (stopsAt(at)) return { ...answer, url: at };
        }
      },
      who: async () => JSON.parse((await get(`${server.url}/api/v1/sessions/current`)).body) as Record<string, unknown>,
    };
  }
  const SIGN_IN = '/api/v1/oidc/sign-in';
  const isCallback = (url: string): boolean => url.includes('/oidc/callback');
  const events = async (...args: readonly string[]) => JSON.parse((await server.homeport('events', 'list', '--json', ...args)).stdout) as { type: string; data: Record<string, unknown>; metadata: { actor: string } }[];

  it('makes the account at the first time, with the role that the groups give, and comes back to where one was', async () => {
    provider.sits(ANN);
    const one = browser();
    expect(JSON.parse((await one.get(`${server.url}/api/v1/oidc`)).body)).to.deep.equal({ issuer: provider.issuer, signInPath: SIGN_IN });
    const shown = await one.visit(`${SIGN_IN}?returnTo=/environments%3Ftag%3Deu`);
    expect(shown.status).to.equal(200);
    expect(shown.body).to.include('content="0; url=/environments?tag=eu"');
    const cookies = shown.headers['set-cookie'] ?? [];
    expect(cookies.find((line) => line.startsWith('__Host-homeport='))).to.match(/HttpOnly/).and.match(/SameSite=Strict/).and.match(/Secure/);
    expect([...(one.jars.get(server.url)?.keys() ?? [])]).to.deep.equal(['__Host-homeport']);
    expect(await one.who()).to.deep.include({ username: 'ann', role: 'operator', by: 'session', grants: [] });
    const made = await events('--category', 'user,signins');
    expect(made.slice(-3).map(({ type, metadata }) => [type, metadata.actor])).to.deep.equal([['UserCreated', 'user:ann'], ['IdentityLinked', 'user:ann'], ['SignedIn', 'user:ann']]);
    expect(made.at(-1)?.data).to.include({ method: 'openid-connect', address: '127.0.0.1' });
    expect(made.at(-2)?.data).to.include({ issuer: provider.issuer, subject: 's-ann' });
  });

  it('follows the groups at each sign-in, and shuts out who is in none any more, with all they have', async () => {
    provider.sits({ ...ANN, groups: ['homeport-audit', 'homeport-admins'] });
    const one = browser();
    await one.visit(SIGN_IN);
    expect(await one.who()).to.include({ username: 'ann', role: 'admin' });
    provider.sits({ ...ANN, groups: ['staff'] });
    const refused = await browser().visit(SIGN_IN);
    expect(refused.status).to.equal(403);
    expect(refused.body).to.include('You have no role here').and.not.include('<script');
    expect(await one.who()).to.include({ status: 401 });
    const { stdout } = await server.homeport('events', 'list', '--category', 'signins', '--json');
    expect((JSON.parse(stdout) as { data: object }[]).at(-1)?.data).to.include({ username: 'ann', reason: 'sign-in-not-allowed' });
  });

  it('never takes a name for the person: whoever is called admin elsewhere is somebody else here', async () => {
    provider.sits(EVE);
    const one = browser();
    await one.visit(SIGN_IN);
    expect(await one.who()).to.include({ username: 'admin-2', role: 'auditor' });
    const { stderr } = await server.homeport('whoami');
    expect(stderr).to.equal('');
  });

  it('asks for groups at the userinfo endpoint where the ID token has none', async () => {
    provider.register({ ...client, groupsIn: 'userinfo' });
    provider.sits({ ...EVE, groups: ['homeport-ops'] });
    const one = browser();
    await one.visit(SIGN_IN);
    expect(await one.who()).to.include({ username: 'admin-2', role: 'operator' });
    provider.register(client);
  });

  it('signs nobody in by another browser’s way back, a second use, a changed state or a cancelled sign-in', async () => {
    provider.sits(ANN);
    const one = browser();
    const { url } = await one.visit(SIGN_IN, isCallback);
    const other = await browser().visit(url);
    expect([other.status, other.headers['set-cookie']?.some((line) => line.startsWith('__Host-homeport='))]).to.deep.equal([400, false]);
    expect(other.body).to.include('began no sign-in here');
    const kept = new Map(one.jars.get(server.url));
    const forged = await one.visit(url.replace(/state=[^&]+/, 'state=forged'));
    expect(forged.status).to.equal(400);
    // The cookie is good for one attempt; who keeps it all the same comes with a code that nothing was done with yet.
    one.jars.set(server.url, kept);
    provider.sits({ ...ANN, groups: ['homeport-ops'] });
    expect((await one.visit(url)).status).to.equal(200);
    one.jars.set(server.url, kept);
    expect((await one.visit(url)).status).to.equal(400);
    provider.sits(null);
    const cancelled = await browser().visit(SIGN_IN);
    expect([cancelled.status, cancelled.body.includes('access_denied')]).to.deep.equal([400, true]);
    const asScript = await one.get(`${server.url}/api/v1/oidc/callback?code=x&state=y`, 'GET', { accept: 'application/json' });
    expect(JSON.parse(asScript.body)).to.include({ status: 400, code: 'openid-connect-failed' });
  });

  it('goes on to paths of this server alone', async () => {
    for (const returnTo of ['https://evil.example', '//evil.example', '/\\evil.example', 'javascript:alert(1)', '']) {
      const answer = await browser().get(`${server.url}${SIGN_IN}?returnTo=${encodeURIComponent(returnTo)}`, 'GET', { accept: 'application/json' });
      expect(answer.status, returnTo).to.equal(400);
    }
  });

  it('leaves the password to those who have one: an admin can give such an account none, nor do without the last one who has', async () => {
    const users = JSON.parse((await server.homeport('user', 'list', '--data-dir', server.dataDir, '--json')).stdout) as { id: string; username: string; signsInBy: string }[];
    expect(users.map(({ username, signsInBy }) => [username, signsInBy])).to.deep.equal([['admin', 'password'], ['ann', 'openid-connect'], ['admin-2', 'openid-connect']]);
    provider.sits({ ...ANN, groups: ['homeport-admins'] });
    const ann = browser();
    await ann.visit(SIGN_IN);
    expect(await ann.who()).to.include({ role: 'admin' });
    const csrf = { accept: 'application/json', 'x-homeport-csrf': '1' };
    const removed = await ann.get(`${server.url}/api/v1/users/${users[0]?.id ?? ''}`, 'DELETE', csrf);
    expect(JSON.parse(removed.body)).to.include({ status: 409, code: 'last-admin' });
    const wrong = await server.homeport('user', 'set-password', 'ann', '--data-dir', server.dataDir, '--password-file', path.join(folder.path, 'client-secret'));
    expect(wrong.stderr).to.include('has no password here');
  });

  it('says that the provider is away, signs in with a password all the same, and keeps no secret of it', async () => {
    const code = new URL((await browser().visit(SIGN_IN, isCallback)).url).searchParams.get('code') ?? '';
    await server.stop();
    const log = server.process.stderr();
    await provider.close();
    const again = await startHomeport({ dataDir: server.dataDir, flags });
    try {
      const req = request(`${again.url}${SIGN_IN}`, { ca: again.ca(), agent: false }).end();
      const [res] = (await once(req, 'response')) as [IncomingMessage];
      const { code: refusal } = JSON.parse(await text(res)) as { code: string };
      expect([res.statusCode, refusal]).to.deep.equal([503, 'openid-connect-unavailable']);
      const signedIn = await createRest(again).call('POST', '/api/v1/sessions', { body: server.admin });
      expect(signedIn.status).to.equal(201);
      expect(again.process.stderr()).to.include('the OpenID provider does not answer as one').and.include('ECONNREFUSED');
    } finally {
      await again.stop();
    }
    expect(findSecrets({ client: SECRET, code }, { log, again: again.process.stderr() })).to.deep.equal([]);
  });
});
