import { expect } from 'chai';
import type { Principal } from '../../services/application/ports/accounts.ts';
import { admin, eventually, type Harness, local, startHarness } from './harness.ts';

const HOUR_MS = 3600_000;

describe('application: sessions and keys in use', () => {
  let harness: Harness;
  const password = 'correct horse battery';
  const origin = { address: '192.0.2.9', correlationId: admin.correlationId };

  beforeEach(async () => {
    harness = await startHarness();
    await harness.app.accounts.users.create(local, { username: 'admin', password, role: 'admin' }, admin);
    await harness.app.accounts.users.create(local, { username: 'ann', password, role: 'auditor' }, admin);
  });
  afterEach(() => harness.close());

  const accounts = () => harness.app.accounts;
  const codeOf = (promise: Promise<unknown>) => promise.then(() => 'done', (error: unknown) => (error as { code: string }).code);
  const signIn = (username = 'admin') => accounts().signIn({ username, password }, origin);
  const isGood = (token: string): boolean => accounts().principalOfSession(token) !== undefined;

  it('end without use, but not while they hold a stream open; and after their time in any case', async () => {
    const idle = await signIn();
    const used = await signIn();
    const held = await signIn();
    let ended = 0;
    const release = accounts().onEnded(held.principal, () => ended++);
    for (let hour = 0; hour < 3; hour++) {
      await harness.clock.jump(HOUR_MS);
      expect(isGood(used.token)).to.equal(true);
    }
    expect([isGood(idle.token), isGood(held.token)]).to.deep.equal([false, true]);
    release();
    await harness.clock.jump(2 * HOUR_MS + 1);
    expect(isGood(held.token)).to.equal(false);
    expect(ended).to.equal(0);
    const last = await signIn();
    accounts().onEnded(last.principal, () => ended++);
    await harness.clock.jump(12 * HOUR_MS);
    expect([ended, isGood(last.token)]).to.deep.equal([1, false]);
  });

  it('last as long as the settings say', async () => {
    await harness.app.settings.change({ sessionSeconds: 600, sessionIdleSeconds: 60 }, admin);
    const { token, principal } = await signIn();
    expect(Date.parse(principal.session?.expiresAt ?? '')).to.equal(harness.clock.now() + 600_000);
    await harness.clock.advance(60_001);
    expect(isGood(token)).to.equal(false);
  });

  it('are listed, one’s own or for an admin all, and revoked, which ends what they hold open', async () => {
    const own = await signIn('ann');
    await harness.clock.advance(1000);
    const other = await signIn();
    const list = (who: Principal) => accounts().listSessions(who).map(({ username, address, method }) => [username, address, method]);
    expect(list(other.principal)).to.deep.equal([['admin', '192.0.2.9', 'password'], ['ann', '192.0.2.9', 'password']]);
    const metrics = { ...own.principal, role: 'metrics' } as const;
    expect(list(metrics)).to.deep.equal([['ann', '192.0.2.9', 'password']]);
    const idOf = ({ session }: Principal): string => session?.id ?? '';
    expect(await codeOf(accounts().revokeSession(own.principal, idOf(other.principal), admin))).to.equal('role-not-allowed');
    expect(await codeOf(accounts().revokeSession(metrics, idOf(other.principal), admin))).to.equal('session-not-found');
    let ended = 0;
    accounts().onEnded(own.principal, () => ended++);
    await accounts().revokeSession(other.principal, idOf(own.principal), admin);
    expect([ended, isGood(own.token), isGood(other.token)]).to.deep.equal([1, false, true]);
    expect(await codeOf(accounts().revokeSession(other.principal, idOf(own.principal), admin))).to.equal('session-not-found');
    const next = await harness.restart();
    expect(next.accounts.principalOfSession(own.token)).to.equal(undefined);
    expect(next.accounts.listSessions(other.principal).map(({ username }) => username)).to.deep.equal(['admin']);
  });

  it('end with a changed password, but for one that is begun after it', async () => {
    const { token, principal } = await signIn();
    const { id } = accounts().users.find(principal, principal.userId);
    await harness.clock.advance(1);
    await accounts().users.change(principal, id, { password: 'another good one', currentPassword: password }, admin);
    expect(isGood(token)).to.equal(false);
    const renewed = await accounts().renewSession(principal, origin);
    expect(isGood(renewed.token)).to.equal(true);
  });

  it('of one account are at most 50: one more ends the one that was not used for longest', async () => {
    const first = await signIn();
    const principals = [first.principal];
    for (let count = 1; count < 50; count++) principals.push((await accounts().renewSession(first.principal, origin)).principal);
    await harness.clock.advance(1);
    expect(isGood(first.token)).to.equal(true);
    await accounts().renewSession(first.principal, origin);
    expect(isGood(first.token)).to.equal(true);
    expect(accounts().listSessions(first.principal)).to.have.length(50);
    expect((await harness.types()).filter((type) => type === 'SessionRevoked')).to.have.length(1);
  });

  it('a key says when it was last used, also after a restart; the record has it once a day', async () => {
    const { principal } = await signIn();
    const key = await accounts().createApiKey(principal, { name: 'ci', role: 'auditor' }, admin);
    expect(accounts().listApiKeys(principal)[0]).to.include({ lastUsedAt: null });
    const firstUse = new Date(harness.clock.now()).toISOString();
    accounts().principalOfApiKey(key.secret, origin);
    await eventually(async () => (await harness.types()).includes('ApiKeyUsed'));
    await harness.clock.jump(HOUR_MS);
    accounts().principalOfApiKey(key.secret, origin);
    expect(accounts().listApiKeys(principal)[0]).to.include({ lastUsedAt: new Date(harness.clock.now()).toISOString() });
    const next = await harness.restart();
    expect(next.accounts.listApiKeys(principal)[0]).to.include({ lastUsedAt: firstUse });
    expect((await harness.types()).filter((type) => type === 'ApiKeyUsed')).to.have.length(1);
    await harness.clock.jump(24 * HOUR_MS);
    next.accounts.principalOfApiKey(key.secret, origin);
    await eventually(async () => (await harness.types()).filter((type) => type === 'ApiKeyUsed').length === 2);
  });

  it('records refused keys and sign-ins, so many of one address, and then the count', async () => {
    const refuse = (address: string) => accounts().apiKeyRefused('hp_nonsense', { ...origin, address });
    for (let attempt = 0; attempt < 30; attempt++) await refuse('192.0.2.66');
    await refuse('192.0.2.67');
    const refused = (await harness.events()).filter(({ type }) => type === 'SignInRefused').map(({ data }) => JSON.parse(data) as object);
    expect(refused).to.have.length(13);
    expect(refused.at(-1)).to.include({ username: null, address: '192.0.2.67', reason: 'api-key-not-good' });
    await harness.clock.advance(60_001);
    await eventually(async () => (await harness.types()).includes('SignInRefusalsSuppressed'));
    const [suppressed] = (await harness.events()).filter(({ type }) => type === 'SignInRefusalsSuppressed').map(({ data }) => JSON.parse(data) as object);
    expect(suppressed).to.include({ count: 18 });
  });
});
