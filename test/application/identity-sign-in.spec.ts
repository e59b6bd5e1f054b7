import { expect } from 'chai';
import type { AccountDirectory } from '../../services/application/account-directory.ts';
import { createIdentitySignIn } from '../../services/application/identity-sign-in.ts';
import { createInTurn } from '../../services/application/in-turn.ts';
import type { ProvenIdentity } from '../../services/application/ports/accounts.ts';
import type { SignInRefusals } from '../../services/application/sign-in-refusals.ts';
import { mostUsers } from '../../services/application/user-limit.ts';
import type { ActiveAccount } from '../../services/domain/account.ts';
import { admin, type Harness, startHarness } from './harness.ts';

const origin = { address: '192.0.2.9', correlationId: admin.correlationId };
const ann: ProvenIdentity = { issuer: 'https://id.example', subject: 's1', username: 'ann', role: 'operator' };

describe('application: signing in by an identity', () => {
  let harness: Harness;
  beforeEach(async () => {
    harness = await startHarness();
  });
  afterEach(() => harness.close());

  const signIn = async (identity: ProvenIdentity) => (await harness.app.accounts.signInByIdentity(() => Promise.resolve(identity), origin)).principal;
  const codeOf = (promise: Promise<unknown>) => promise.then(() => 'done', (error: unknown) => (error as { code: string }).code);

  it('makes one account for each person, also where they come twice at once, and again after a restart', async () => {
    const both = await Promise.all([signIn(ann), signIn(ann)]);
    expect(new Set(both.map(({ userId }) => userId))).to.have.length(1);
    const next = await harness.restart();
    const { principal } = await next.accounts.signInByIdentity(() => Promise.resolve({ ...ann, username: 'renamed' }), origin);
    expect(principal).to.include({ userId: both[0].userId, username: 'ann' });
    expect((await harness.types()).filter((type) => type === 'UserCreated')).to.have.length(1);
  });

  it('gives each of those that a provider calls alike a name of their own, and nobody one that is no name', async () => {
    const named = async (subject: string, username: string, issuer = ann.issuer) => (await signIn({ ...ann, issuer, subject, username })).username;
    expect(await named('s1', 'Ann')).to.equal('Ann');
    expect(await named('s2', 'ann')).to.equal('ann-2');
    expect(await named('s1', 'ann', 'https://other.example')).to.equal('ann-3');
    expect(await named('s4', 'local')).to.equal('local-2');
    expect(await named('s5', 'Zoë Ünsal <zoe>')).to.equal('Zo-nsal-zoe-');
    expect(await named('s6', '日本')).to.equal('user');
    expect(await named('s7', 'x'.repeat(300))).to.have.length(56);
  });

  it('makes no account where there are as many as may be, and still lets those in who have one', async () => {
    const known = await signIn(ann);
    const account = { status: 'active', userId: known.userId, username: 'ann', role: 'operator', identity: { issuer: ann.issuer, subject: ann.subject } } as unknown as ActiveAccount;
    const directory = { all: () => new Array<ActiveAccount>(mostUsers).fill(account), find: () => account, named: () => undefined, execute: () => Promise.reject(new Error('an account was made')) } as unknown as AccountDirectory;
    const sessions = { begin: () => Promise.resolve({ token: 't', principal: known }), revokeAll: () => Promise.resolve() };
    const full = createIdentitySignIn({ directory, sessions, refusals: { record: () => Promise.resolve() } as unknown as SignInRefusals, clock: harness.clock, inTurn: createInTurn() });
    const come = (subject: string) => codeOf(full.signInByIdentity(() => Promise.resolve({ ...ann, subject }), origin));
    expect(await come('s2')).to.equal('too-many-users');
    expect(await come('s1')).to.equal('done');
    full.close();
  });

  it('lets nobody in by a password: there is none', async () => {
    await signIn(ann);
    expect(await codeOf(harness.app.accounts.signIn({ username: 'ann', password: '' }, origin))).to.equal('wrong-credentials');
    expect(await codeOf(harness.app.accounts.signIn({ username: 'ann', password: 'null' }, origin))).to.equal('wrong-credentials');
  });

  it('does not ask the provider any more for an address from which too many have failed, until the minute is over', async () => {
    let asked = 0;
    const fail = () =>
      codeOf(
        harness.app.accounts.signInByIdentity(() => {
          asked++;
          return Promise.reject(Object.assign(new Error('no'), { code: 'refused' }));
        }, origin),
      );
    const codes = await Promise.all(Array.from({ length: 40 }, fail));
    expect(codes.filter((code) => code === 'refused')).to.have.length(20);
    expect([asked, await codeOf(signIn(ann))]).to.deep.equal([20, 'too-many-attempts']);
    expect((await harness.types()).filter((type) => type === 'SignInRefused')).to.have.length(12);
    await harness.clock.jump(60_001);
    expect(await codeOf(signIn(ann))).to.equal('done');
  });
});
