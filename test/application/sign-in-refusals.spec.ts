/** How many refusals of sign-ins and API keys are recorded one by one: they are kept for ever, and strangers cause them. */
import { expect } from 'chai';
import type { SignInEvent, SignInLog } from '../../services/application/sign-in-log.ts';
import { createSignInRefusals, type SignInRefusals } from '../../services/application/sign-in-refusals.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';

describe('refused sign-ins', () => {
  let clock: ManualClock;
  let refusals: SignInRefusals;
  let recorded: SignInEvent[];
  beforeEach(() => {
    clock = createManualClock();
    recorded = [];
    const signIns: SignInLog = { start: () => Promise.resolve(), append: (event) => Promise.resolve(void recorded.push(event)), onEvent: () => undefined };
    refusals = createSignInRefusals({ signIns, clock, actor: 'system' });
  });
  afterEach(() => refusals.close());

  const refuse = (address: string) => refusals.record({ username: null, address, reason: 'api-key-not-good' }, { actor: 'user:unknown', correlationId: 'c' });
  const count = (type: SignInEvent['type']): number => recorded.filter((event) => event.type === type).length;
  const counted = (): number => recorded.reduce((sum, event) => sum + (event.type === 'SignInRefusalsSuppressed' ? event.data.count : 0), 0);

  it('of a tool that goes on with a key that was revoked are recorded one by one for a while each hour, and counted from then on', async () => {
    for (let minute = 0; minute < 60; minute += 1) {
      for (let time = 0; time < 4; time += 1) await refuse('192.0.2.1');
      await clock.advance(60_000);
    }
    expect([count('SignInRefused'), counted()]).to.deep.equal([60, 180]);
    await refuse('192.0.2.1');
    expect(count('SignInRefused')).to.equal(61);
  });

  it('from everywhere are so many in a minute and in an hour, and a burst of one address does not use up its hour', async () => {
    for (let time = 0; time < 100; time += 1) await refuse('198.51.100.1');
    expect(count('SignInRefused')).to.equal(12);
    for (let minute = 0; minute < 6; minute += 1) {
      await clock.advance(60_000);
      await refuse('198.51.100.1');
      for (let peer = 0; peer < 700; peer += 1) await refuse(`10.${String(minute)}.${String(peer >> 8)}.${String(peer & 255)}`);
    }
    const ofOne = recorded.filter((event) => event.type === 'SignInRefused' && event.data.address === '198.51.100.1').length;
    expect([ofOne, count('SignInRefused')]).to.deep.equal([12 + 4, 2_400]);
    await clock.advance(3600_000);
    await refuse('10.9.9.9');
    expect(count('SignInRefused')).to.equal(2_401);
  });
});
