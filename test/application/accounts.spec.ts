import { expect } from 'chai';
import type { Principal } from '../../services/application/ports/accounts.ts';
import { admin, eventually, type Harness, local, startHarness } from './harness.ts';

describe('application: accounts', () => {
  let harness: Harness;
  const password = 'correct horse battery';
  const origin = { address: '192.0.2.9', correlationId: admin.correlationId };

  beforeEach(async () => {
    harness = await startHarness();
    await harness.app.accounts.users.create(local, { username: 'admin', password, role: 'admin' }, admin);
  });
  afterEach(() => harness.close());

  const signIn = (given = password, username = 'admin') => harness.app.accounts.signIn({ username, password: given }, origin);
  const codeOf = (promise: Promise<unknown>) => promise.then(() => 'signed-in', (error: unknown) => (error as { code: string }).code);
  const asKeyOf = (secret: string): Principal | undefined => harness.app.accounts.principalOfApiKey(secret, origin);
  const principal = async (): Promise<Principal> => (await signIn()).principal;

  it('signs in with the right password, and tells nobody whether it was the name or the password', async () => {
    const { token } = await signIn();
    expect(harness.app.accounts.principalOfSession(token)).to.include({ username: 'admin', role: 'admin' });
    expect(await codeOf(signIn('wrong'))).to.equal('wrong-credentials');
    expect(await codeOf(signIn(password, 'nobody'))).to.equal('wrong-credentials');
  });

  it('bars an address after ten failures, also with the right password, until the minute is over', async () => {
    for (let attempt = 0; attempt < 10; attempt++) expect(await codeOf(signIn('wrong'))).to.equal('wrong-credentials');
    expect(await codeOf(signIn())).to.equal('too-many-attempts');
    await harness.clock.advance(60_001);
    expect(await codeOf(signIn())).to.equal('signed-in');
  }).timeout(30_000);

  it('counts the failures of any minute, wherever it begins, and says how long to wait', async () => {
    await codeOf(signIn('wrong'));
    await harness.clock.advance(55_000);
    for (let attempt = 0; attempt < 9; attempt++) await codeOf(signIn('wrong'));
    const refused = await signIn().catch((error: unknown) => error);
    expect(refused).to.include({ code: 'too-many-attempts', retryAfterSeconds: 5 });
    await harness.clock.advance(5_000);
    expect(await codeOf(signIn('wrong'))).to.equal('wrong-credentials');
    expect(await codeOf(signIn())).to.equal('too-many-attempts');
  }).timeout(30_000);

  it('bars guesses that come at the same time as well', async () => {
    const codes = await Promise.all(Array.from({ length: 40 }, () => codeOf(signIn('wrong'))));
    expect(codes.filter((code) => code === 'wrong-credentials')).to.have.length(10);
    expect(await codeOf(signIn())).to.equal('too-many-attempts');
  }).timeout(30_000);

  it('keeps no name of an account that does not exist: it may be a mistyped password', async () => {
    await codeOf(signIn('x', 'hunter2-oops'));
    const texts = (await harness.events()).map(({ data }) => data).join('');
    expect(texts).not.to.include('hunter2');
  });

  it('refuses a forged, an expired and a signed-out session', async () => {
    const { token, principal: who } = await signIn();
    expect(harness.app.accounts.principalOfSession(`${token.slice(0, -2)}AA`)).to.equal(undefined);
    const [userId = '', sessionId = '', expires = '', mac = ''] = token.split('.');
    expect(harness.app.accounts.principalOfSession([userId, sessionId, String(Number(expires) + 1), mac].join('.'))).to.equal(undefined);
    let ended = 0;
    harness.app.accounts.onEnded(who, () => ended++);
    await harness.app.accounts.signOut(who, admin);
    expect(ended).to.equal(1);
    expect(harness.app.accounts.principalOfSession(token)).to.equal(undefined);
    const later = await signIn();
    await harness.clock.advance(12 * 3600_000);
    expect(harness.app.accounts.principalOfSession(later.token)).to.equal(undefined);
  });

  it('remembers sessions and sign-outs over a restart', async () => {
    const kept = await signIn();
    const left = await signIn();
    await harness.app.accounts.signOut(left.principal, admin);
    const next = await harness.restart();
    expect(next.accounts.principalOfSession(kept.token)).to.include({ username: 'admin' });
    expect(next.accounts.principalOfSession(left.token)).to.equal(undefined);
  });

  it('gives API keys no higher role than their maker has', async () => {
    const who = await principal();
    const key = await harness.app.accounts.createApiKey(who, { name: 'ci', role: 'operator' }, admin);
    const asKey = asKeyOf(key.secret) as Principal;
    expect(asKey).to.include({ role: 'operator', actor: `user:admin/key:${key.id}` });
    expect(await codeOf(harness.app.accounts.createApiKey(asKey, { name: 'up', role: 'admin' }, admin))).to.equal('role-not-allowed');
  });

  it('lets a key that is no admin\'s neither make others nor revoke any but itself', async () => {
    const who = await principal();
    const key = await harness.app.accounts.createApiKey(who, { name: 'ci', role: 'auditor' }, admin);
    const other = await harness.app.accounts.createApiKey(who, { name: 'other', role: 'auditor' }, admin);
    const asKey = asKeyOf(key.secret) as Principal;
    expect(await codeOf(harness.app.accounts.createApiKey(asKey, { name: 'child', role: 'auditor' }, admin))).to.equal('role-not-allowed');
    expect(await codeOf(harness.app.accounts.revokeApiKey(asKey, other.id, admin))).to.equal('role-not-allowed');
    await harness.app.accounts.revokeApiKey(asKey, key.id, admin);
  });

  it('lets no key that a key made outlive its maker', async () => {
    const who = await principal();
    const expiresAt = new Date(harness.clock.now() + 60_000).toISOString();
    const key = await harness.app.accounts.createApiKey(who, { name: 'short', role: 'admin', expiresAt }, admin);
    const asKey = asKeyOf(key.secret) as Principal;
    expect(await codeOf(harness.app.accounts.createApiKey(asKey, { name: 'child', role: 'admin' }, admin))).to.equal('invalid-expiry');
    await harness.app.accounts.createApiKey(asKey, { name: 'child', role: 'admin', expiresAt }, admin);
  });

  it('refuses a changed, expired or revoked key, and ends what a revoked one holds open', async () => {
    const who = await principal();
    const expiresAt = new Date(harness.clock.now() + 60_000).toISOString();
    const key = await harness.app.accounts.createApiKey(who, { name: 'short', role: 'auditor', expiresAt }, admin);
    expect(asKeyOf(`${key.secret.slice(0, -1)}${key.secret.endsWith('A') ? 'B' : 'A'}`)).to.equal(undefined);
    expect(asKeyOf(key.secret)).to.include({ role: 'auditor' });
    await harness.clock.advance(60_001);
    expect(asKeyOf(key.secret)).to.equal(undefined);

    const other = await harness.app.accounts.createApiKey(who, { name: 'long', role: 'auditor' }, admin);
    let ended = 0;
    harness.app.accounts.onEnded(asKeyOf(other.secret) as Principal, () => ended++);
    await harness.app.accounts.revokeApiKey(who, other.id, admin);
    expect(ended).to.equal(1);
    expect(asKeyOf(other.secret)).to.equal(undefined);
    expect(await codeOf(harness.app.accounts.revokeApiKey(who, other.id, admin))).to.equal('api-key-not-found');
  });

  it('records no secret in the clear', async () => {
    const who = await principal();
    const key = await harness.app.accounts.createApiKey(who, { name: 'ci', role: 'admin' }, admin);
    const { token } = await signIn();
    await eventually(async () => (await harness.types()).includes('ApiKeyCreated'));
    const texts = (await harness.events()).map(({ data, metadata }) => data + metadata).join('');
    for (const secret of [password, key.secret, token, 'scrypt$']) expect(texts).not.to.include(secret);
  });
});
