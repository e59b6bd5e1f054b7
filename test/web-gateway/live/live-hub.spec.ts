/** How live clients are paced: by a clock that the test moves. */
import { expect } from 'chai';
import type { Change } from '../../../projections/changes/change.ts';
import { createRecentChanges, type RecentChanges } from '../../../projections/changes/recent-changes.ts';
import type { Principal } from '../../../services/application/ports/accounts.ts';
import { createLiveFilter } from '../../../web-gateway/live/live-filter.ts';
import { createLiveHub, type LiveHub, type LiveTransport } from '../../../web-gateway/live/live-hub.ts';
import type { IsVisible } from '../../../web-gateway/live/sight.ts';
import { createManualClock, type ManualClock } from '../../application/manual-clock.ts';

const environment = (environmentId: string, type = 'EnvironmentRenamed'): Change => ({ kind: 'environment', environmentId, types: [type] });

interface FakeTransport extends LiveTransport {
  readonly told: { readonly atMs: number; readonly message: Readonly<Record<string, unknown>> }[];
  readonly beats: (string | undefined)[];
  isStalled: boolean;
  isCut: boolean;
}

describe('the pace of live clients', () => {
  let clock: ManualClock;
  let changes: RecentChanges;
  let hub: LiveHub;
  let isVisible: IsVisible;
  let position: number;

  beforeEach(() => {
    clock = createManualClock();
    changes = createRecentChanges({ compare: (a, b) => Number(a) - Number(b), onPollsWatched: () => undefined });
    changes.restart('0');
    position = 0;
    isVisible = undefined;
    hub = createLiveHub({ changes, visibilityFor: () => isVisible, clock, limits: { liveSpacingMs: 250, liveHeartbeatMs: 15_000, liveStallMs: 60_000 } });
  });

  function commit(...committed: Change[]): void {
    position += 1;
    changes.commit(String(position), { changes: committed, isWhole: true });
  }

  function join(environmentIds?: readonly string[]): FakeTransport {
    const transport: FakeTransport = {
      format: 'web-socket',
      told: [],
      beats: [],
      isStalled: false,
      isCut: false,
      isBusy: () => transport.isStalled,
      write: (encoded) => void transport.told.push({ atMs: clock.now(), message: JSON.parse(encoded.toString()) as Record<string, unknown> }),
      beat: (at) => void transport.beats.push(at),
      cut: () => (transport.isCut = true),
    };
    hub.join({ principal: { userId: 'u1' } as Partial<Principal> as Principal, filter: createLiveFilter({ environmentIds }), transport, after: undefined });
    return transport;
  }

  it('is four writes a second at most, each with all that is new, the same thing once', async () => {
    const client = join();
    const startMs = clock.now();
    await clock.advance(1_000);
    for (let tenths = 0; tenths < 100; tenths += 1) {
      commit(environment('a'), environment(`b${tenths}`), environment('a', 'EnvironmentTagged'));
      await clock.advance(20);
    }
    await clock.advance(300);
    const written = client.told.slice(1);
    expect(written.length).to.be.within(8, 10);
    written.reduce((before, { atMs }) => (expect(atMs - before).to.be.at.least(250), atMs), startMs);
    const all = written.flatMap(({ message }) => message['changes'] as Change[]);
    expect(all.filter(({ environmentId }) => environmentId !== 'a')).to.have.length(100);
    expect(all.filter(({ environmentId }) => environmentId === 'a')).to.have.length(written.length);
    expect(all[0]?.types).to.deep.equal(['EnvironmentRenamed', 'EnvironmentTagged']);
    expect(written.at(-1)?.message['position']).to.equal('100');
  });

  it('lets nobody wait where it was quiet before', async () => {
    const client = join();
    await clock.advance(10_000);
    commit(environment('a'));
    await clock.advance(25);
    expect(client.told).to.have.length(2);
  });

  it('spreads a crowd over the time between two writes', async () => {
    const crowd = Array.from({ length: 1_000 }, () => join());
    await clock.advance(1_000);
    commit(environment('a'));
    await clock.advance(25);
    const at = clock.now();
    expect(crowd.filter(({ told }) => told.at(-1)?.atMs === at).length).to.be.within(100, 150);
    await clock.advance(225);
    expect(crowd.every(({ told }) => told.length === 2)).to.equal(true);
  });

  it('of a client that takes nothing is a reset once it takes something again, and an end after a minute', async () => {
    const [slow, well] = [join(), join()];
    slow.isStalled = true;
    for (let batch = 0; batch < 10; batch += 1) {
      for (let index = 0; index < 900; index += 1) commit(environment(`e${batch * 900 + index}`));
      await clock.advance(300);
    }
    expect(slow.told).to.have.length(1);
    expect(well.told.slice(1).flatMap(({ message }) => message['changes'] as Change[])).to.have.length(9_000);
    slow.isStalled = false;
    await clock.advance(300);
    expect(slow.told.slice(1).map(({ message }) => message)).to.deep.equal([{ type: 'reset', position: '9000', reason: 'too-many-changes' }]);
    slow.isStalled = true;
    await clock.advance(70_000);
    expect([slow.isCut, well.isCut]).to.deep.equal([true, false]);
  });

  it('keeps a quiet connection alive, and says how far it is meanwhile', async () => {
    const client = join(['a']);
    commit(environment('b'));
    await clock.advance(31_000);
    expect(client.told).to.have.length(1);
    expect(client.beats).to.deep.equal(['1', '1']);
  });

  it('shows an operator what its grants reach, as it changes, and that an environment went out of its sight', async () => {
    const inReach = new Set(['a']);
    isVisible = (environmentId) => Promise.resolve(environmentId !== undefined && inReach.has(environmentId));
    const client = join();
    const seen = async (): Promise<unknown[]> => {
      await clock.advance(300);
      return client.told.splice(0).flatMap(({ message }) => ((message['changes'] ?? []) as Change[]).map(({ kind, environmentId, userId }) => environmentId ?? userId ?? kind));
    };
    await seen();
    commit(environment('a'), environment('b'), { kind: 'refusal', environmentId: null, types: [] }, { kind: 'settings', environmentId: null, types: [] });
    commit({ kind: 'account', environmentId: null, userId: 'u1', types: [] }, { kind: 'account', environmentId: null, userId: 'u2', types: [] });
    expect(await seen()).to.deep.equal(['a', 'settings', 'u1']);
    inReach.add('b');
    commit(environment('b', 'EnvironmentTagged'));
    expect(await seen()).to.deep.equal(['b']);
    inReach.delete('b');
    commit(environment('b', 'EnvironmentTagged'));
    expect(await seen(), 'the last of it').to.deep.equal(['b']);
    commit({ kind: 'heartbeat', environmentId: 'b', types: [] });
    expect(await seen()).to.deep.equal([]);
    inReach.delete('a');
    commit({ kind: 'account', environmentId: null, userId: 'u1', types: ['GrantChanged'] });
    commit({ kind: 'heartbeat', environmentId: 'a', types: [] });
    expect(await seen()).to.deep.equal(['u1']);
  });

  it('goes on where what is in sight can’t be looked up for a while', async () => {
    let isAway = true;
    isVisible = () => (isAway ? Promise.reject(new Error('the store is away')) : Promise.resolve(true));
    const client = join();
    commit(environment('a'));
    await clock.advance(300);
    isAway = false;
    await clock.advance(1_000);
    commit({ kind: 'heartbeat', environmentId: 'a', types: [] });
    await clock.advance(300);
    expect(client.told.map(({ message }) => message['type'])).to.deep.equal(['ready', 'change']);
  });
});
