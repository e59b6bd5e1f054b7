/** Replay against what the events, told one by one, leave at an instant: over a real log, with summaries, and where polls have expired. */
import { expect } from 'chai';
import type { EnvironmentView } from '../../projections/port.ts';
import type { ReplayedEnvironment } from '../../projections/replay.ts';
import { createRecordedClock } from '../../projections/recorded-at.ts';
import { createHistory } from '../../services/application/history.ts';
import { offlineHistory } from '../../services/cli/offline-history.ts';
import { withReplay } from '../../services/cli/replay/replay-history.ts';
import type { RecordedEvent } from '../../services/event-store/port.ts';
import { collect, openTestLog, type TestLog } from '../event-store/sqlite/open-log.ts';
import { appendHistory } from './append-history.ts';
import { naiveViews } from './naive-views.ts';
import { createRandom, takeHistory } from './random-history.ts';
import { recordedMs, retentionEvent, withSummaries } from './summarised-history.ts';

const history = takeHistory({ seed: 51, environments: 12, pollPercent: 55, isMixed: true }, 4500);
const roundMs = 5 * 60_000;
describe('replay', function () {
  this.timeout(30_000);
  let log: TestLog;
  /** As the log has them, before any expired. */
  let events: RecordedEvent[];

  before(async () => {
    log = await openTestLog();
    const all = [...withSummaries(history, roundMs)];
    const revisions = new Map<string, number>();
    for (let from = 0; from < all.length; from += 60) await appendHistory(log.store, all.slice(from, from + 60), revisions);
    // As if the store had recorded each when it says so.
    log.change("UPDATE events SET created = CAST(round(1000 * unixepoch(json_extract(metadata, '$.recordedAt'), 'subsec')) AS INTEGER)");
    log.change('UPDATE event_groups SET created = (SELECT max(created) FROM events WHERE position BETWEEN first_position AND last_position)');
    await log.reopen();
    events = await collect(log.store.readAll());
  });
  after(() => log.remove());

  /** What is true of an instant. */
  function naiveAsOf(atMs: number): EnvironmentView[] {
    const clock = createRecordedClock(0);
    const end = events.findIndex((event) => clock(event) > atMs);
    return [...naiveViews(events.slice(0, end === -1 ? undefined : end), true).values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async function replayed(atMs: number): Promise<{ readonly environments: ReplayedEnvironment[]; readonly count: number }> {
    const source = offlineHistory({ history: createHistory({ reader: log.store }), environments: { nameOf: () => Promise.resolve(undefined), find: () => Promise.resolve(undefined) } });
    const shares: number[] = [];
    const options = { asOf: new Date(atMs).toISOString(), onProgress: (share: number) => shares.push(share), signal: new AbortController().signal };
    const result = await withReplay(source, options, (replay, pollsSince) => ({ environments: [...replay.environments(pollsSince)].flat(), count: replay.count }));
    expect(shares.every((share) => share >= 0 && share <= 1)).to.equal(true);
    return { ...result, environments: result.environments.sort((a, b) => (a.environment.id < b.environment.id ? -1 : 1)) };
  }

  const instants = (count: number, seed: number): number[] => {
    const random = createRandom(seed);
    const [firstMs, lastMs] = [recordedMs(history[0] ?? { metadata: '{}' }), recordedMs(history.at(-1) ?? { metadata: '{}' })];
    return [...Array.from({ length: count }, () => firstMs + random(lastMs - firstMs)), lastMs - 1000, lastMs + 1000, firstMs - 1000];
  };
  const withoutSnapshot = ({ snapshot: _snapshot, ...environment }: EnvironmentView): ReplayedEnvironment['environment'] => environment;

  it('shows environments and tunnels of any instant exactly, and reads only the polls that no summary tells of', async () => {
    let isPartOnly = false;
    for (const atMs of instants(4, 3)) {
      const { environments, count } = await replayed(atMs);
      expect(environments.map(({ environment }) => environment)).to.deep.equal(naiveAsOf(atMs).map(withoutSnapshot));
      expect(environments.flatMap(({ approximate }) => approximate)).to.deep.equal([]);
      const clock = createRecordedClock(0);
      isPartOnly ||= count < 0.7 * events.filter((event) => clock(event) <= atMs).length;
    }
    expect(isPartOnly, 'that some polls were left out').to.equal(true);
  });

  it('marks each last poll that may be older than it was, where polls have expired, and no other is', async () => {
    const { events: gone } = await log.store.maintenance.expire({ category: 'polls', keepEvents: 400 });
    expect(gone).to.be.above(1000);
    const kept = (await collect(log.store.readAll())).find(({ type }) => type === 'AgentPolled');
    const before = new Date(recordedMs(kept ?? { metadata: '{}' })).toISOString();
    const at = new Date(recordedMs(history.at(-1) ?? { metadata: '{}' })).toISOString();
    const { stream, ...expired } = retentionEvent({ type: 'PollsExpired', data: { at, count: gone, before, limit: 'count' } });
    await log.store.append(stream, [expired], { expectedRevision: 'any' });
    let [marked, exact] = [0, 0];
    for (const atMs of instants(4, 4)) {
      const truth = naiveAsOf(atMs).map(withoutSnapshot);
      const { environments } = await replayed(atMs);
      environments.forEach(({ environment, approximate }, index) => {
        const meant = truth[index];
        if (approximate.length === 0) {
          expect(environment).to.deep.equal(meant);
          exact += 1;
          return;
        }
        marked += 1;
        const isHeartbeatToo = approximate.includes('heartbeat.lastPolledAt');
        expect(approximate).to.deep.equal(isHeartbeatToo ? ['heartbeat.lastPolledAt', 'agents.lastPolledAt'] : ['agents.lastPolledAt']);
        expect((environment.heartbeat.lastPolledAt ?? '') <= (meant?.heartbeat.lastPolledAt ?? '')).to.equal(true);
        expect({ ...environment, heartbeat: isHeartbeatToo ? meant?.heartbeat : environment.heartbeat, agents: meant?.agents }).to.deep.equal(meant);
      });
    }
    expect([marked, exact].every((count) => count > 10), `${marked} marked, ${exact} exact`).to.equal(true);
  });
});
