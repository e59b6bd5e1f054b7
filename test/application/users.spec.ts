import { expect } from 'chai';
import type { AccountSummary } from '../../services/domain/account.ts';
import type { Grant, Role } from '../../services/domain/events.ts';
import type { Principal } from '../../services/application/ports/accounts.ts';
import { admin, eventually, type Harness, local, startHarness } from './harness.ts';

describe('application: users', () => {
  let harness: Harness;
  const password = 'correct horse battery';
  const origin = { address: '192.0.2.9', correlationId: admin.correlationId };

  beforeEach(async () => {
    harness = await startHarness();
  });
  afterEach(() => harness.close());

  const accounts = () => harness.app.accounts;
  const codeOf = (promise: Promise<unknown>) => promise.then(() => 'done', (error: unknown) => (error as { code: string }).code);
  const create = async (username: string, role: Role, grants: readonly Grant[] = []): Promise<AccountSummary> => (await accounts().users.create(local, { username, password, role, grants }, admin)).user;
  const signedIn = async (username: string): Promise<Principal> => (await accounts().signIn({ username, password }, origin)).principal;
  const tagged = async (name: string, ...tags: readonly string[]): Promise<string> => (await harness.app.environments.create({ name, address: 'cp.example:9443', tags }, admin)).environmentId;

  it('have names of their own, and passwords that are not guessed first', async () => {
    await create('Ann', 'admin');
    const attempt = (username: string, given = password) => codeOf(accounts().users.create(local, { username, password: given, role: 'auditor' }, admin));
    expect(await attempt('ann')).to.equal('username-taken');
    for (const name of ['', 'a b', 'local', 'Unknown', '-a', 'a'.repeat(65), 'a/b']) expect(await attempt(name), name).to.equal('invalid-username');
    for (const weak of ['short', 'eleven chrs', 'aaaaaaaaaaaaaaaa', 'abababababab', 'bobbobbobbob']) expect(await attempt('bob', weak), weak).to.equal('weak-password');
    const both = await Promise.all([attempt('carl'), attempt('CARL')]);
    expect(both.sort()).to.deep.equal(['done', 'username-taken']);
  });

  it('keep an admin, whoever removes or lowers whom at the same time', async () => {
    const one = await create('one', 'admin');
    expect(await codeOf(accounts().users.remove(local, one.id, admin))).to.equal('last-admin');
    const two = await create('two', 'admin');
    const codes = await Promise.all([codeOf(accounts().users.change(local, one.id, { role: 'auditor' }, admin)), codeOf(accounts().users.remove(local, two.id, admin))]);
    expect(codes.sort()).to.deep.equal(['done', 'last-admin']);
  });

  it('are changed by no admin who was lowered or removed while the change waited', async () => {
    await create('one', 'admin');
    const { id } = await create('two', 'admin');
    const ann = await create('ann', 'auditor');
    await create('three', 'admin');
    const [two, three] = [await signedIn('two'), await signedIn('three')];
    const [reached, gate] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    harness.outage.afterAppend = () => {
      reached.resolve(undefined);
      return gate.promise;
    };
    const lowered = codeOf(accounts().users.change(local, id, { role: 'auditor' }, admin));
    await reached.promise;
    const removed = codeOf(accounts().users.remove(local, three.userId, admin));
    const another = { username: 'another', password, role: 'admin' } as const;
    const waiting = [
      codeOf(accounts().users.change(two, id, { role: 'admin' }, admin)),
      codeOf(accounts().users.remove(two, ann.id, admin)),
      codeOf(accounts().users.create(two, another, admin)),
      codeOf(accounts().users.change(three, ann.id, { role: 'admin' }, admin)),
      codeOf(accounts().users.create(three, another, admin)),
    ];
    harness.outage.afterAppend = undefined;
    gate.resolve(undefined);
    expect([await lowered, await removed]).to.deep.equal(['done', 'done']);
    expect(await Promise.all(waiting)).to.deep.equal(waiting.map(() => 'role-not-allowed'));
  });

  it('are refused where somebody else changed them meanwhile', async () => {
    await create('one', 'admin');
    const { id } = await create('ann', 'auditor');
    const asAuditor = ({ role }: { readonly role: Role }): boolean => role === 'auditor';
    const both = [{ role: 'operator' }, { role: 'admin' }] as const;
    const codes = await Promise.all(both.map((changes) => codeOf(accounts().users.change(local, id, changes, admin, asAuditor))));
    expect(codes).to.deep.equal(['done', 'precondition-failed']);
    expect(await codeOf(accounts().users.remove(local, id, admin, asAuditor))).to.equal('precondition-failed');
    expect(await codeOf(accounts().users.change(local, id, { role: 'auditor', grants: [{ tag: 'eu', access: 'read' }] }, admin))).to.equal('invalid-grants');
  });

  it('change their own password with the current one, and nothing else', async () => {
    const { id: other } = await create('one', 'admin');
    const { id } = await create('ann', 'auditor');
    const who = await signedIn('ann');
    const change = (changes: object, as = who, of = id) => codeOf(accounts().users.change(as, of, changes, admin));
    expect(await change({ password: 'another good one' })).to.equal('current-password-wrong');
    expect(await change({ password: 'another good one', currentPassword: 'wrong' })).to.equal('current-password-wrong');
    expect(await change({ role: 'admin' })).to.equal('role-not-allowed');
    expect(await change({ password: 'another good one' }, who, other)).to.equal('role-not-allowed');
    const key = await accounts().createApiKey(who, { name: 'k', role: 'auditor' }, admin);
    const asKey = accounts().principalOfApiKey(key.secret, origin) as Principal;
    expect(await change({ password: 'another good one', currentPassword: password }, asKey)).to.equal('role-not-allowed');
    let endedKeys = 0;
    let endedSessions = 0;
    accounts().onEnded(asKey, () => endedKeys++);
    accounts().onEnded(who, () => endedSessions++);
    expect(await change({ password: 'another good one', currentPassword: password })).to.equal('done');
    expect([endedSessions, endedKeys]).to.deep.equal([1, 0]);
    expect(await codeOf(signedIn('ann'))).to.equal('wrong-credentials');
    expect(accounts().principalOfApiKey(key.secret, origin)).to.include({ username: 'ann' });
  });

  it('guess no faster with a session than without', async () => {
    await create('one', 'admin');
    const { id } = await create('ann', 'auditor');
    const who = await signedIn('ann');
    const guess = () => codeOf(accounts().users.change(who, id, { password: 'another good one', currentPassword: 'wrong' }, admin));
    const codes = await Promise.all(Array.from({ length: 14 }, guess));
    expect(codes.filter((code) => code === 'current-password-wrong')).to.have.length(10);
    expect(await guess()).to.equal('too-many-attempts');
  }).timeout(30_000);

  it('know of others only as an auditor, or an operator who reaches everything', async () => {
    await create('one', 'admin');
    const users = [await create('aud', 'auditor'), await create('op', 'operator', [{ tag: 'eu', access: 'full' }]), await create('all', 'operator', [{ tag: '*', access: 'read' }]), await create('met', 'metrics')];
    const seen = await Promise.all(users.map(async ({ username }) => accounts().users.list(await signedIn(username)).length));
    expect(seen).to.deep.equal([5, 1, 5, 1]);
    const operator = await signedIn('op');
    expect(() => accounts().users.find(operator, users[0]?.id ?? '')).to.throw().with.property('code', 'user-not-found');
  });

  it('that are removed end at once, with their sessions and keys', async () => {
    await create('one', 'admin');
    const { id } = await create('ann', 'operator');
    const { token, principal } = await accounts().signIn({ username: 'ann', password }, origin);
    const key = await accounts().createApiKey(principal, { name: 'k', role: 'operator' }, admin);
    let ended = 0;
    accounts().onEnded(principal, () => ended++);
    accounts().onEnded(accounts().principalOfApiKey(key.secret, origin) as Principal, () => ended++);
    await accounts().users.remove(local, id, admin);
    expect(ended).to.equal(2);
    expect([accounts().principalOfSession(token), accounts().principalOfApiKey(key.secret, origin)]).to.deep.equal([undefined, undefined]);
    accounts().onEnded(principal, () => ended++);
    expect(ended, 'who asks too late hears it at once').to.equal(3);
    await create('ann', 'auditor');
  });

  describe('as operators', () => {
    const reach = (who: Principal, environmentId: string) => accounts().environmentAccess.levelOf(who, environmentId);

    it('reach what they are granted by tag, and nothing without', async () => {
      const [eu, us] = [await tagged('a', 'eu'), await tagged('b', 'us')];
      const { id } = await create('ann', 'operator');
      const who = await signedIn('ann');
      expect([await reach(who, eu), await reach(who, us), accounts().environmentAccess.tagsInReach(who)]).to.deep.equal([undefined, undefined, []]);
      await accounts().users.change(local, id, { grants: [{ tag: 'eu', access: 'read' }] }, admin);
      expect([await reach(who, eu), await reach(who, us)]).to.deep.equal(['read', undefined]);
      expect(await codeOf(accounts().environmentAccess.require(who, eu, 'full'))).to.equal('read-only-access');
      expect(await codeOf(accounts().environmentAccess.require(who, us, 'read'))).to.equal('environment-not-found');
      expect(await codeOf(accounts().environmentAccess.require(who, 'nosuch', 'read'))).to.equal('environment-not-found');
    });

    it('have keys that reach no further, in whatever role', async () => {
      const eu = await tagged('a', 'eu');
      const us = await tagged('b', 'us');
      await create('ann', 'operator', [{ tag: 'eu', access: 'full' }]);
      const key = await accounts().createApiKey(await signedIn('ann'), { name: 'k', role: 'auditor' }, admin);
      const asKey = accounts().principalOfApiKey(key.secret, origin) as Principal;
      expect(asKey.role).to.equal('auditor');
      expect([await reach(asKey, eu), await reach(asKey, us)]).to.deep.equal(['full', undefined]);
    });

    it('lose what they hold open when a grant is taken or lowered, or the environment gets other tags; and nothing else', async () => {
      const [eu, lab] = [await tagged('a', 'eu'), await tagged('b', 'lab')];
      const { id } = await create('ann', 'operator', [{ tag: 'eu', access: 'full' }, { tag: 'lab', access: 'full' }]);
      const who = await signedIn('ann');
      const lost: string[] = [];
      const hold = (what: string, environmentId: string, needed: 'read' | 'full') => accounts().environmentAccess.onLost(who, { environmentId, needed }, () => lost.push(what));
      hold('eu full', eu, 'full');
      hold('eu read', eu, 'read');
      hold('lab read', lab, 'read');
      hold('let go', eu, 'read')();
      await accounts().users.change(local, id, { grants: [{ tag: 'eu', access: 'read' }, { tag: 'lab', access: 'full' }] }, admin);
      await eventually(() => lost.length > 0);
      expect(lost).to.deep.equal(['eu full']);
      await harness.app.environments.change(lab, { tags: ['us'] }, admin);
      await eventually(() => lost.length > 1);
      expect(lost).to.deep.equal(['eu full', 'lab read']);
      await harness.app.environments.remove(eu, admin);
      await eventually(() => lost.length > 2);
      expect(lost).to.deep.equal(['eu full', 'lab read', 'eu read']);
    });

    it('see only the events of environments in reach, also while they follow', async () => {
      const eu = await tagged('a', 'eu');
      await tagged('b', 'us');
      const { id } = await create('ann', 'operator', [{ tag: 'eu', access: 'read' }]);
      const isVisible = accounts().environmentAccess.visibilityFor(await signedIn('ann'));
      const list = async () => (await harness.app.history.list({ limit: 100, ...(isVisible && { isVisible }) })).events;
      expect((await list()).map(({ type, data }) => [type, (data as { environmentId: string }).environmentId])).to.deep.equal([['EnvironmentCreated', eu]]);
      await accounts().users.change(local, id, { grants: [{ tag: '*', access: 'read' }] }, admin);
      expect((await list()).map(({ type }) => type)).to.include.members(['UserCreated', 'SignedIn', 'GrantChanged']);
      await accounts().users.change(local, id, { grants: [] }, admin);
      expect(await list()).to.deep.equal([]);
    });
  });
});
