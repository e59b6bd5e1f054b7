/** Read models that saw events which have expired since: the same rows as a replay makes of what is left. */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { DomainEvent } from '../../services/domain/events.ts';
import type { RecordedEvent } from '../../services/event-store/port.ts';
import { rowDifferences } from '../support/read-model-rows.ts';
import { createRandom, takeHistory, type HistoryEvent } from './random-history.ts';
import { openTestReadModel, recorded, type TestReadModel } from './read-model.ts';
import { recordedMs, retentionEvent, withSummaries } from './summarised-history.ts';

const roundMs = 5 * 60_000;
const EXPIRED = { polls: 'PollsExpired', activity: 'ActivityExpired', refusals: 'RefusalsExpired', snapshots: 'SnapshotsExpired' } as const;

/** Now and then a call: its start, a stream of it, its end, each with the time of what stands before it. */
function* withCalls(events: Iterable<HistoryEvent>): Generator<HistoryEvent> {
  const random = createRandom(9);
  const underWay: { readonly callId: string; isStream: boolean }[] = [];
  for (const event of events) {
    yield event;
    if (random(6) > 0) continue;
    const at = new Date(recordedMs(event)).toISOString();
    const record = ({ type, data }: DomainEvent): HistoryEvent => ({ id: randomUUID(), stream: 'activity-cp_0', type, data: JSON.stringify(data), metadata: JSON.stringify({ actor: 'user:ann', recordedAt: at }) });
    const index = random(underWay.length + 1);
    const known = underWay[index];
    const call = { at, environmentId: 'e71x1', node: null, callId: known?.callId ?? randomUUID(), path: '/containers/c/exec' };
    if (known === undefined) {
      underWay.push({ callId: call.callId, isStream: false });
      yield record({ type: 'ApiCallStarted', data: { ...call, method: 'POST' } });
    } else if (!known.isStream) {
      known.isStream = true;
      yield record({ type: 'StreamOpened', data: { ...call, kind: 'exec' } });
    } else {
      underWay.splice(index, 1);
      yield record({ type: 'ApiCallProxied', data: { ...call, method: 'POST', status: 200, failure: null, durationMs: 5, bytesSent: 1, bytesReceived: 1 } });
    }
  }
}

/** A log that the control plane keeps: expired events go, and what says so is appended. */
class KeptLog {
  /** What is in it now. */
  left: RecordedEvent[] = [];
  #head = 0;
  readonly #revisions = new Map<string, number>();

  append(events: Parameters<typeof recorded>[0]): RecordedEvent[] {
    const placed = recorded(events).map((event) => {
      const revision = (this.#revisions.get(event.stream) ?? -1) + 1;
      this.#revisions.set(event.stream, revision);
      return { ...event, revision, position: String(++this.#head) };
    });
    this.left.push(...placed);
    return placed;
  }

  /** Of a category what was recorded before an instant goes; answers what says so, or nothing where nothing went. */
  expire(category: keyof typeof EXPIRED, beforeMs: number, nowMs: number): RecordedEvent[] {
    const stays = this.left.filter((event) => !event.stream.startsWith(`${category}-`) || recordedMs(event) >= beforeMs);
    const count = this.left.length - stays.length;
    this.left = stays;
    if (count === 0) return [];
    const data = { at: new Date(nowMs).toISOString(), count, before: new Date(beforeMs).toISOString(), limit: 'age' as const };
    return this.append([retentionEvent({ type: EXPIRED[category], data })]);
  }
}

describe('read models of a log whose events expire', () => {
  const history = takeHistory({ seed: 71, environments: 12, pollPercent: 50, isMixed: true, snapshotPercent: 10 }, 4000);
  let live: TestReadModel;
  let log: KeptLog;

  before(() => {
    live = openTestReadModel();
    log = new KeptLog();
  });
  after(() => live.close());

  it('have at any time the rows that a replay makes of what is left', () => {
    const random = createRandom(8);
    const expiries = new Map<string, number>();
    let batch: Parameters<typeof recorded>[0][number][] = [];
    for (const event of withCalls(withSummaries(history, roundMs))) {
      batch.push(event);
      if (batch.length < 300) continue;
      live.commit(log.append(batch));
      batch = [];
      const nowMs = recordedMs(event);
      // Nothing goes that no summary counts.
      const summarisedMs = Math.floor((nowMs - recordedMs(history[0] ?? event)) / roundMs) * roundMs + recordedMs(history[0] ?? event);
      const gone = [
        ...log.expire('polls', Math.min(summarisedMs, nowMs - random(2) * roundMs), nowMs),
        ...(['activity', 'refusals', 'snapshots'] as const).flatMap((category) => log.expire(category, nowMs - (1 + random(4)) * roundMs, nowMs)),
      ];
      for (const { type } of gone) expiries.set(type, (expiries.get(type) ?? 0) + 1);
      live.commit(gone);
      if (random(3) > 0) continue;
      const replayed = openTestReadModel();
      replayed.commit(log.left);
      const differences = rowDifferences(live.database, replayed.database);
      replayed.close();
      expect(differences, differences).to.equal('');
    }
    for (const type of Object.values(EXPIRED)) expect(expiries.get(type), type).to.be.above(2);
  });
});
