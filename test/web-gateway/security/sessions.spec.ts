/** Signing in with a browser: the cookie, and what other sites can't make of it. */
import { expect } from 'chai';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { createTemporaryFolder } from '../../support/temporary-folder.ts';
import { startGateway, type GatewayFixture } from '../support/gateway-fixture.ts';

const COOKIE = '__Host-homeport=session-of-admin';

describe('sessions', () => {
  let gateway: GatewayFixture;

  beforeEach(async () => {
    gateway = await startGateway({ allowedOrigins: ['https://homeport.example'] });
  });
  afterEach(() => gateway.close());

  it('begin with name and password and a cookie that only this host gets, and scripts can not read', async () => {
    const answer = await gateway.call('/api/v1/sessions', { method: 'POST', as: null, body: '{"username":"the-operator","password":"right"}' });
    expect(answer.status).to.equal(201);
    expect(answer.json).to.deep.equal({ username: 'the-operator', userId: 'operator', role: 'operator', by: 'session', apiKeyId: null, expiresAt: '2099-01-01T00:00:00.000Z', grants: null });
    expect(answer.headers.location).to.equal('/api/v1/sessions/current');
    const [cookie = ''] = answer.headers['set-cookie'] ?? [];
    const [pair, ...attributes] = cookie.split('; ');
    expect(pair).to.equal('__Host-homeport=session-of-operator');
    expect(attributes.sort()).to.deep.equal(['Expires=Thu, 01 Jan 2099 00:00:00 GMT', 'HttpOnly', 'Path=/', 'SameSite=Strict', 'Secure']);
    expect(answer.text).not.to.include('session-of');

    const current = await gateway.call('/api/v1/sessions/current', { as: null, headers: { cookie: `other=1; ${pair ?? ''}` } });
    expect(current.json).to.include({ username: 'the-operator', by: 'session' });
  });

  it('are refused in the same way for an unknown name and a wrong password, and after too many attempts', async () => {
    for (const body of ['{"username":"nobody","password":"right"}', '{"username":"the-admin","password":"wrong"}']) {
      const answer = await gateway.call('/api/v1/sessions', { method: 'POST', as: null, body });
      expect(answer.status).to.equal(401);
      expect(answer.json).to.include({ code: 'wrong-credentials', detail: 'Wrong username or password.' });
      expect(answer.headers).not.to.have.property('set-cookie');
    }
    const answer = await gateway.call('/api/v1/sessions', { method: 'POST', as: null, body: '{"username":"the-admin","password":"hammering"}' });
    expect(answer.status).to.equal(429);
    expect(answer.headers['retry-after']).to.equal('17');
  });

  it('can not be begun from another site’s page', async () => {
    const body = '{"username":"the-admin","password":"right"}';
    const fromElsewhere = await gateway.call('/api/v1/sessions', { method: 'POST', as: null, body, headers: { origin: 'https://evil.example' } });
    expect(fromElsewhere.json).to.include({ status: 403, code: 'origin-not-allowed' });
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const form = await gateway.call('/api/v1/sessions', { method: 'POST', as: null, body, headers: { 'content-type': type } });
      expect(form.json, type).to.include({ status: 415, code: 'unsupported-media-type' });
    }
  });

  it('change something only with our header, and from our pages', async () => {
    const change = (headers: Record<string, string>) =>
      gateway.call('/api/v1/environments', { method: 'POST', as: null, body: JSON.stringify({ name: `n${Math.random()}`, address: 'h.example:1' }), headers: { cookie: COOKIE, ...headers } });
    expect((await change({})).json).to.include({ status: 403, code: 'csrf-header-required' });
    expect((await change({ 'x-homeport-csrf': '0' })).json).to.include({ code: 'csrf-header-required' });
    expect((await change({ 'x-homeport-csrf': '1', origin: 'https://evil.example' })).json).to.include({ code: 'origin-not-allowed' });
    // SameSite ignores ports, hence the origin.
    expect((await change({ 'x-homeport-csrf': '1', origin: 'https://127.0.0.1:1' })).json).to.include({ code: 'origin-not-allowed' });
    expect((await change({ 'x-homeport-csrf': '1', origin: `http://127.0.0.1:${gateway.port}` })).json).to.include({ code: 'origin-not-allowed' });
    expect((await change({ 'x-homeport-csrf': '1', origin: `https://127.0.0.1:${gateway.port}` })).status).to.equal(201);
    expect((await change({ 'x-homeport-csrf': '1', origin: 'https://homeport.example' })).status).to.equal(201);
    expect((await change({ 'x-homeport-csrf': '1' })).status).to.equal(201);
    // Reading needs neither; other origins can't read the answer.
    const read = await gateway.call('/api/v1/environments', { as: null, headers: { cookie: COOKIE, origin: 'https://evil.example' } });
    expect(read.status).to.equal(200);
    expect(read.headers).not.to.have.property('access-control-allow-origin');
  });

  it('end by signing out, which takes the cookie away', async () => {
    const headers = { cookie: COOKIE, 'x-homeport-csrf': '1' };
    const answer = await gateway.call('/api/v1/sessions/current', { method: 'DELETE', as: null, headers });
    expect(answer.status).to.equal(204);
    expect(answer.headers['set-cookie']?.[0]).to.match(/^__Host-homeport=; .*Expires=Thu, 01 Jan 1970/);
    expect((await gateway.call('/api/v1/sessions/current', { as: null, headers })).status).to.equal(401);
  });

  it('are not what an API key has', async () => {
    expect((await gateway.call('/api/v1/sessions/current', { as: 'auditor' })).json).to.include({ role: 'auditor', by: 'api-key', expiresAt: null });
    expect((await gateway.call('/api/v1/sessions/current', { method: 'DELETE', as: 'auditor' })).json).to.include({ status: 400, code: 'no-session' });
    for (const authorization of ['Bearer hp_wrong', 'Bearer', 'Basic aHBfa2V5LW9mLWFkbWluOng=', 'hp_key-of-admin']) {
      const answer = await gateway.call('/api/v1/sessions/current', { as: null, headers: { authorization, cookie: COOKIE } });
      expect(answer.json, authorization).to.include({ status: 401, code: 'unauthenticated' });
      expect(answer.headers['www-authenticate']).to.equal('Bearer realm="homeport"');
    }
  });

  it('are not needed on a connection whose listener knows who it is, and only there', async () => {
    const principal = { userId: 'local', username: 'local', role: 'admin', reach: 'everything', actor: 'user:local', session: null, apiKeyId: null } as const;
    const folder = createTemporaryFolder();
    const server = createServer((socket) => gateway.gateway.accept(socket, { address: '127.0.0.1', principal })).listen(`${folder.path}/admin.sock`);
    await once(server, 'listening');
    const call = async (): Promise<Record<string, unknown>> => {
      const req = request({ socketPath: `${folder.path}/admin.sock`, path: '/api/v1/sessions/current', headers: { connection: 'close' } }).end();
      const [res] = (await once(req, 'response')) as [IncomingMessage];
      return JSON.parse(await text(res)) as Record<string, unknown>;
    };
    expect(await call()).to.include({ username: 'local', role: 'admin', by: 'connection' });
    expect((await gateway.call('/api/v1/sessions/current', { as: null })).status).to.equal(401);
    server.close();
    await once(server, 'close');
    folder.remove();
  });
});
