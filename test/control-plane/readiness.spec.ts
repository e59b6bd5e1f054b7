/** What /readyz says of each part, and which of them take the traffic away. */
import { expect } from 'chai';
import type { ProjectionsState, RebuildProgress } from '../../projections/port.ts';
import { createDraining } from '../../services/control-plane/draining.ts';
import { isReady, readinessOf, type ReadinessParts } from '../../services/control-plane/readiness.ts';
import type { Unavailability } from '../../services/event-store/port.ts';
import type { TapState } from '../../services/taps/nats-tap.ts';
import { createManualClock } from '../application/manual-clock.ts';

interface Situation {
  readonly state?: ProjectionsState;
  readonly lag?: () => Promise<{ readonly events: number | null; readonly seconds: number }>;
  readonly rebuilding?: RebuildProgress;
  readonly unavailability?: Unavailability;
  readonly tap?: TapState['state'];
}

function partsOf({ state = { kind: 'live' }, lag = () => Promise.resolve({ events: 0, seconds: 0 }), rebuilding, unavailability, tap }: Situation): ReadinessParts {
  return {
    store: { unavailability: () => unavailability },
    projections: { state: () => state, lag, rebuilding: () => rebuilding },
    tap: tap === undefined ? undefined : { state: () => ({ state: tap, reason: 'nats://internal.example', published: 0, eventsBehind: 0, behindSinceMs: undefined }) },
    draining: createDraining({ delayMs: 0, clock: createManualClock() }),
  };
}

describe('readiness', () => {
  const cases: readonly (readonly [what: string, situation: Situation, ready: boolean, checks: Readonly<Record<string, string>>])[] = [
    ['all is well', {}, true, { eventStore: 'ok', projections: 'ok' }],
    ['NATS is wanted and there', { tap: 'publishing' }, true, { eventStore: 'ok', projections: 'ok', nats: 'ok' }],
    ['another publishes to NATS', { tap: 'standby' }, true, { eventStore: 'ok', projections: 'ok', nats: 'ok' }],
    ['NATS is away', { tap: 'away' }, true, { eventStore: 'ok', projections: 'ok', nats: 'away' }],
    ['the store is away', { unavailability: { code: 'away', reason: 'store.internal.example refused' } }, true, { eventStore: 'away', projections: 'ok' }],
    ['the disk is full', { unavailability: { code: 'disk-full', reason: '/var/lib/homeport is full' } }, true, { eventStore: 'disk-full', projections: 'ok' }],
    ['the read models are behind', { lag: () => Promise.resolve({ events: 9, seconds: 10 }) }, true, { eventStore: 'ok', projections: 'behind' }],
    ['new read models are built', { rebuilding: { events: 9, share: 0.5 } }, true, { eventStore: 'ok', projections: 'rebuilding' }],
    ['how far they are behind can not be asked', { lag: () => Promise.reject(new Error('away')) }, true, { eventStore: 'ok', projections: 'ok' }],
    ['the read models catch up', { state: { kind: 'catching-up' } }, false, { eventStore: 'ok', projections: 'catching-up' }],
    ['the read models failed', { state: { kind: 'failed', reason: '/var/lib/homeport/read-models.db is broken' } }, false, { eventStore: 'ok', projections: 'failed' }],
  ];
  for (const [what, situation, ready, checks] of cases) {
    it(`says ${ready ? 'yes' : 'no'} where ${what}, in codes alone`, async () => {
      const parts = partsOf(situation);
      expect(await readinessOf(parts)).to.deep.equal({ ready, checks });
      expect(isReady(parts)).to.equal(ready);
    });
  }

  it('does not wait for a store that does not answer', async () => {
    const { checks } = await readinessOf(partsOf({ lag: () => new Promise(() => undefined) }));
    expect(checks).to.include({ projections: 'ok' });
  });

  it('says no from the first moment of a stop, for as long as that is to last', async () => {
    const clock = createManualClock();
    const draining = createDraining({ delayMs: 5000, clock });
    const parts = { ...partsOf({}), draining };
    expect(isReady(parts)).to.equal(true);
    let isOver = false;
    const over = draining.begin().then(() => (isOver = true));
    expect(await readinessOf(parts)).to.deep.include({ ready: false, checks: { server: 'stopping', eventStore: 'ok', projections: 'ok' } });
    await clock.advance(4999);
    expect(isOver).to.equal(false);
    await clock.advance(1);
    await over;
  });
});
