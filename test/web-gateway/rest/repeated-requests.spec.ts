/** Requests that come again, and changes that were made on what is there no more. */
import { expect } from 'chai';
import type { Principal } from '../../../services/application/ports/accounts.ts';
import { createFakeAccounts } from '../support/fake-accounts.ts';
import { startGateway, type Answer, type GatewayFixture } from '../support/gateway-fixture.ts';

const ENVIRONMENTS = '/api/v1/environments';

describe('a creation that is sent again', () => {
  let gateway: GatewayFixture;
  beforeEach(async () => {
    gateway = await startGateway();
  });
  afterEach(() => gateway.close());

  const create = (name: string, key: string, as: 'admin' | 'auditor' = 'admin'): Promise<Answer> =>
    gateway.call(ENVIRONMENTS, { method: 'POST', body: JSON.stringify({ name, address: 'h.example:1' }), headers: { 'idempotency-key': key }, as });

  it('with its Idempotency-Key gets the first one’s answer, and makes nothing twice, also ten at once', async () => {
    const first = await create('factory', 'k1');
    const again = await create('factory', 'k1');
    expect([first.status, again.status]).to.deep.equal([201, 201]);
    expect(again.json).to.deep.equal(first.json);
    expect(again.headers).to.include({ location: first.headers.location, 'idempotent-replayed': 'true' });
    expect(first.headers).to.not.have.property('idempotent-replayed');
    const many = await Promise.all(Array.from({ length: 10 }, () => create('plant', 'k2')));
    expect(new Set(many.map(({ status, text }) => `${String(status)} ${text}`)).size).to.equal(1);
    expect(gateway.fleet.views.size).to.equal(2);
  });

  it('is refused where the key came with something else, and is free to try again where it failed', async () => {
    await create('factory', 'k1');
    expect((await create('plant', 'k1')).json).to.include({ status: 422, code: 'idempotency-key-reused' });
    expect((await create('factory', 'k2')).json).to.include({ code: 'name-taken' });
    gateway.fleet.views.clear();
    expect((await create('factory', 'k2')).status).to.equal(201);
  });

  it('shares its key with nobody else, and needs one that can be read', async () => {
    const key = (as: 'admin' | 'auditor'): Promise<Answer> => gateway.call('/api/v1/api-keys', { method: 'POST', body: '{"name":"n","role":"auditor"}', headers: { 'idempotency-key': 'same' }, as });
    const [mine, others] = [await key('admin'), await key('auditor')];
    expect([mine.status, others.status]).to.deep.equal([201, 201]);
    expect(others.json['id']).to.not.equal(mine.json['id']);
    expect((await create('x', 'a b')).json).to.include({ status: 400, code: 'invalid-request' });
  });

  it('gives nothing of an account to another that has its name by now', async () => {
    const accounts = createFakeAccounts();
    const ann = (userId: string): Principal => ({ userId, username: 'ann', role: 'admin', reach: 'everything', actor: 'user:ann', session: { id: userId, expiresAt: '2099-01-01T00:00:00.000Z' }, apiKeyId: null });
    const other = await startGateway({ accounts: { ...accounts, principalOfSession: ann } });
    try {
      const asAnn = (userId: string): Promise<Answer> =>
        other.call(ENVIRONMENTS, { method: 'POST', body: '{"name":"factory","address":"h.example:1"}', headers: { cookie: `__Host-homeport=${userId}`, 'x-homeport-csrf': '1', 'idempotency-key': 'k' }, as: null });
      expect([(await asAnn('former')).status, (await asAnn('former')).status]).to.deep.equal([201, 201]);
      expect((await asAnn('present')).json).to.include({ code: 'name-taken' });
    } finally {
      await other.close();
    }
  });
});

describe('a change', () => {
  let gateway: GatewayFixture;
  beforeEach(async () => {
    gateway = await startGateway();
    await gateway.call(ENVIRONMENTS, { method: 'POST', body: '{"name":"factory","address":"h.example:1"}' });
  });
  afterEach(() => gateway.close());

  const patch = (body: string, tag: string): Promise<Answer> => gateway.call(`${ENVIRONMENTS}/env1`, { method: 'PATCH', body, headers: { 'if-match': tag } });

  it('with If-Match counts only on what it was made on', async () => {
    const seen = await gateway.call(`${ENVIRONMENTS}/env1`);
    const tag = String(seen.headers.etag);
    const mine = await patch('{"name":"mine"}', tag);
    expect(mine.status).to.equal(200);
    expect(mine.headers.etag).to.be.a('string').and.not.equal(tag);
    expect((await patch('{"name":"theirs"}', tag)).json).to.include({ status: 412, code: 'precondition-failed' });
    expect((await gateway.call(`${ENVIRONMENTS}/env1`)).json).to.include({ name: 'mine' });
    expect((await patch('{"name":"any"}', '*')).status).to.equal(200);
    expect((await patch('{"name":"x"}', `"other", ${String((await gateway.call(`${ENVIRONMENTS}/env1`)).headers.etag)}`)).status).to.equal(200);
    expect((await patch('{"name":"y"}', 'no-quotes')).json).to.include({ status: 400, code: 'invalid-request' });
  });

  it('has a tag that only editing changes', async () => {
    const before = (await gateway.call(`${ENVIRONMENTS}/env1`)).headers.etag;
    const view = gateway.fleet.views.get('env1');
    if (view !== undefined) gateway.fleet.views.set('env1', { ...view, heartbeat: { ...view.heartbeat, state: 'up', lastPolledAt: '2026-02-03T04:05:07.000Z' } });
    const after = await gateway.call(`${ENVIRONMENTS}/env1`);
    expect(after.json['heartbeat']).to.include({ state: 'up' });
    expect(after.headers.etag).to.equal(before);
  });
});
