/** Who asks for what of the record, over a real log. */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { createHistory } from '../../services/application/history.ts';
import type { EventSelection, History } from '../../services/application/ports/history.ts';
import type { DomainEvent } from '../../services/domain/events.ts';
import { openTestLog, type TestLog } from '../event-store/sqlite/open-log.ts';

const hourMs = 3600_000;
const startMs = Date.UTC(2026, 0, 31);
const at = new Date(startMs).toISOString();

const call = { at, environmentId: 'e1', node: null, callId: 'c1', path: '/containers' };
const ended = { status: 200, failure: null, durationMs: 1, bytesSent: 0, bytesReceived: 0 };
const polled: DomainEvent = { type: 'AgentPolled', data: { at, environmentId: 'e1', node: 'n', instanceId: 'i', sequence: 1 } };
const renamed: DomainEvent = { type: 'EnvironmentRenamed', data: { at, environmentId: 'e1', name: 'Mill' } };

describe('history', () => {
  let log: TestLog;
  let history: History;
  before(async () => {
    log = await openTestLog();
    history = createHistory({ reader: log.store });
    await record('environment-e1', 'user:ann/key:k1', renamed);
    await record('polls-cp_0', 'agent:e1/n', polled);
    await record('activity-cp_0', 'user:ann', { type: 'ApiCallStarted', data: { ...call, method: 'POST' } });
    await record('activity-cp_0', 'user:anna', { type: 'ApiCallProxied', data: { ...call, ...ended, method: 'GET' } });
    await record('activity-cp_0', 'user:ann', { type: 'ApiCallProxied', data: { ...call, ...ended, method: 'POST' } });
    await record('refusals-cp', 'system:cp', { type: 'RefusalsSuppressed', data: { at, count: 1 } });
    await record('tunnel-e1', 'user:bob', { type: 'TunnelRequired', data: { at, environmentId: 'e1', node: null } });
  });
  after(() => log.remove());

  let recorded = 0;
  /** Each an hour after the one before. */
  async function record(stream: string, actor: string, { type, data }: DomainEvent): Promise<void> {
    const metadata = JSON.stringify({ actor, recordedAt: new Date(startMs + hourMs * recorded).toISOString() });
    await log.store.append(stream, [{ id: randomUUID(), type, data: JSON.stringify(data), metadata }], { expectedRevision: 'any' });
    log.change(`UPDATE events SET created = ${startMs + hourMs * recorded} WHERE position = ${recorded + 1}`);
    log.change(`UPDATE event_groups SET created = ${startMs + hourMs * recorded} WHERE first_position = ${recorded + 1}`);
    recorded += 1;
  }

  /** The places in the log of what matches, the same by page and as a stream. */
  async function found(selection: EventSelection, order: 'asc' | 'desc' = 'asc'): Promise<number[]> {
    const { events } = await history.list({ ...selection, order, limit: 100 });
    const streamed: string[] = [];
    for await (const page of history.stream({ ...selection, order }, { follow: false, signal: new AbortController().signal })) streamed.push(...page.map(({ position }) => position));
    expect(events.map(({ position }) => position)).to.deep.equal(streamed);
    return streamed.map(Number);
  }

  it('of one who did it, by name, with all keys or one, and by kind', async () => {
    expect(await found({ actor: 'ann' })).to.deep.equal([1, 3, 5]);
    expect(await found({ actor: 'user:ann' })).to.deep.equal([1, 3, 5]);
    expect(await found({ actor: 'user:ann/key:k1' })).to.deep.equal([1]);
    expect(await found({ actor: 'user' })).to.deep.equal([1, 3, 4, 5, 7]);
    expect(await found({ actor: 'agent:e1' })).to.deep.equal([2]);
    expect(await found({ actor: 'system' })).to.deep.equal([6]);
    expect(await found({ actor: 'an' })).to.deep.equal([]);
  });

  it('without polls, and of changes alone', async () => {
    expect(await found({ withoutPolls: true })).to.deep.equal([1, 3, 4, 5, 6, 7]);
    expect(await found({ changesOnly: true })).to.deep.equal([1, 3, 5, 7]);
    expect(await found({ changesOnly: true, actor: 'ann', categories: ['activity'] }, 'desc')).to.deep.equal([5, 3]);
  });

  it('of several categories and types', async () => {
    expect(await found({ categories: ['environment', 'tunnel'] })).to.deep.equal([1, 7]);
    expect(await found({ types: ['AgentPolled', 'TunnelRequired'] })).to.deep.equal([2, 7]);
    const refused: unknown = await history.list({ types: ['AgentPolled', 'agentpolled'], limit: 1 }).catch((error: unknown) => error);
    expect(refused).to.have.property('code', 'unknown-event-type');
  });

  it('from an instant, inclusive, to another, exclusive, both ways', async () => {
    const instant = (index: number): string => new Date(startMs + hourMs * index).toISOString();
    expect(await found({ from: instant(2), to: instant(5) })).to.deep.equal([3, 4, 5]);
    expect(await found({ from: instant(2), to: instant(5) }, 'desc')).to.deep.equal([5, 4, 3]);
    expect(await found({ from: instant(6) })).to.deep.equal([7]);
    expect(await found({ to: instant(1) }, 'desc')).to.deep.equal([1]);
    expect(await found({ from: instant(9) })).to.deep.equal([]);
    expect(await found({ to: instant(0) }, 'desc')).to.deep.equal([]);
  });
});
