/**
 * Do removals hold up the writer? The latency of appends while polls come in, without and with a removal of old ones beside them.
 *
 *     node bench/retention.ts [--polls N] [--seconds S]
 *
 * Through the real port, from the main thread: polls at 3,000 a second over 16 streams, as a fleet of 15,000 makes them at 5 s, and one
 * decision after the other, each on its own.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { openEventStore } from '../services/event-store/open.ts';
import type { NewEvent } from '../services/event-store/port.ts';
import { describeMachine, printTable } from './support/report.ts';
import { quantile } from './support/statistics.ts';

const { values } = parseArgs({ options: { polls: { type: 'string', default: '500000' }, seconds: { type: 'string', default: '10' } } });
const polls = Number(values.polls);
const seconds = Number(values.seconds);
const shards = 16;
const pollsPerSecond = 3000;
const windowMs = 100;

const poll = (): NewEvent => ({
  id: randomUUID(),
  type: 'AgentPolled',
  data: JSON.stringify({ at: new Date().toISOString(), environmentId: 'k3v9k3v9k3', node: 'edge-17', instanceId: randomUUID(), sequence: 4711 }),
  metadata: JSON.stringify({ $correlationId: randomUUID(), actor: 'agent:k3v9k3v9k3/edge-17', schemaVersion: 1, recordedAt: new Date().toISOString() }),
});

const folder = mkdtempSync(join(tmpdir(), 'homeport-bench-'));
const store = await openEventStore({ dataDirectory: folder });
const revisions = Array.from({ length: shards }, () => -1);

async function appendPolls(count: number): Promise<void> {
  await Promise.all(
    revisions.map(async (revision, shard) => {
      const events = Array.from({ length: Math.ceil(count / shards) }, poll);
      revisions[shard] = revision + events.length;
      await store.append(`polls-cp_${String(shard)}`, events, { expectedRevision: revision < 0 ? 'no-stream' : revision, windowMs });
    }),
  );
}

/** Polls and decisions until the signal; answers how long each decision took, in milliseconds. */
async function load(signal: AbortSignal): Promise<number[]> {
  const latencies: number[] = [];
  const fleet = (async () => {
    while (!signal.aborted) await Promise.all([appendPolls((pollsPerSecond * windowMs) / 1000), delay(windowMs)]);
  })();
  while (!signal.aborted) {
    const startedAt = performance.now();
    await store.append(`environment-${randomUUID().replaceAll('-', '')}`, [{ ...poll(), type: 'HeartbeatLost' }], { expectedRevision: 'no-stream' });
    latencies.push(performance.now() - startedAt);
    await delay(2);
  }
  await fleet;
  return latencies;
}

const row = (what: string, latencies: readonly number[]): (string | number)[] => [what, latencies.length, quantile(latencies, 0.5), quantile(latencies, 0.99), Math.max(...latencies)];

try {
  for (let written = 0; written < polls; written += 4000) await appendPolls(4000);
  const alone = await load(AbortSignal.timeout(seconds * 1000));
  const ending = new AbortController();
  const startedAt = performance.now();
  const removal = store.maintenance.expire({ category: 'polls', keepEvents: 10_000 }).finally(() => ending.abort());
  const beside = await load(ending.signal);
  const { events } = await removal;
  const perSecond = (events / (performance.now() - startedAt)) * 1000;
  printTable(['appends of one decision, ms', 'count', 'p50', 'p99', 'longest'], [row('beside 3,000 polls a second', alone), row(`and a removal of ${String(events)}, ${String(Math.round(perSecond))} a second`, beside)]);
  console.log(JSON.stringify({ machine: describeMachine(), alone: row('', alone).slice(1), beside: row('', beside).slice(1), events, perSecond }));
} finally {
  await store.close();
  rmSync(folder, { recursive: true });
}
