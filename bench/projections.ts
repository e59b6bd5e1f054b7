/**
 * How fast do the read models catch up, how soon is an append applied, and how long do lists take in a large fleet?
 *
 *   node bench/projections.ts [--events 400000] [--environments 100000] [--appends 500]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { createProjections } from '../projections/open.ts';
import type { EnvironmentListQuery, Projections } from '../projections/port.ts';
import { openEventStore } from '../services/event-store/open.ts';
import type { EventStore } from '../services/event-store/port.ts';
import { appendHistory } from '../test/projections/append-history.ts';
import { randomHistory, type HistoryOptions } from '../test/projections/random-history.ts';

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '400000' },
    environments: { type: 'string', default: '100000' },
    appends: { type: 'string', default: '500' },
  },
});
const logger = pino({ level: 'silent' });
const directory = mkdtempSync(join(tmpdir(), 'homeport-bench-'));

interface Measured {
  readonly question: string;
  readonly result: string;
  readonly aim: string;
  readonly value: number;
}

const measured: Measured[] = [];

/** The value at a share of the sorted values. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

async function fill(store: EventStore, options: HistoryOptions, count: number): Promise<void> {
  const history = randomHistory(options);
  const revisions = new Map<string, number>();
  for (let left = count; left > 0; left -= 10_000) {
    const events = Array.from({ length: Math.min(left, 10_000) }, () => history.next().value);
    // Polls reach the store a shard at a time, and so they stand in its log.
    if (options.pollPercent > 50) events.sort((a, b) => (a.stream.startsWith('polls-') && b.stream.startsWith('polls-') ? a.stream.localeCompare(b.stream) : 0));
    await appendHistory(store, events, revisions);
  }
}

async function catchUp(name: string, aim: number, options: HistoryOptions, count: number): Promise<void> {
  const dataDirectory = join(directory, name);
  const store = await openEventStore({ dataDirectory });
  await fill(store, options, count);
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  const projections = await createProjections({ eventStore: store, file: join(dataDirectory, 'read-models.db'), logger });
  await projections.whenCaughtUp();
  const seconds = (performance.now() - started) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  const perSecond = Math.round(count / seconds);
  const microseconds = ((cpu.user + cpu.system) / count).toFixed(1);
  measured.push({
    question: `catch up, ${name}, ${String(count)} events`,
    result: `${String(perSecond)} events/s (${microseconds} µs CPU each)`,
    aim: `${String(aim)} events/s`,
    value: perSecond,
  });
  await projections.close();
  await store.close();
}

async function latency(appends: number): Promise<void> {
  const dataDirectory = join(directory, 'latency');
  const store = await openEventStore({ dataDirectory });
  const projections = await createProjections({ eventStore: store, file: join(dataDirectory, 'read-models.db'), logger });
  await projections.whenCaughtUp();
  const history = randomHistory({ seed: 3, environments: 100, pollPercent: 0 });
  const revisions = new Map<string, number>();
  const appendMs: number[] = [];
  const appliedMs: number[] = [];
  for (let index = 0; index < appends; index++) {
    const { stream, ...event } = history.next().value;
    const revision = revisions.get(stream);
    const started = performance.now();
    const { position } = await store.append(stream, [event], { expectedRevision: revision ?? 'no-stream' });
    appendMs.push(performance.now() - started);
    await projections.whenApplied(position, 5000);
    appliedMs.push(performance.now() - started);
    revisions.set(stream, (revision ?? -1) + 1);
  }
  for (const [name, list] of [['recorded', appendMs], ['applied', appliedMs]] as const) {
    list.sort((a, b) => a - b);
    const [p50, p99] = [quantile(list, 0.5), quantile(list, 0.99)];
    measured.push({ question: `append to ${name}, one at a time`, result: `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`, aim: '', value: p99 });
  }
  await projections.close();
  await store.close();
}

async function lists(environments: number): Promise<void> {
  const dataDirectory = join(directory, 'lists');
  const store = await openEventStore({ dataDirectory });
  await fill(store, { seed: 4, environments, pollPercent: 0 }, environments * 2);
  const projections = await createProjections({ eventStore: store, file: join(dataDirectory, 'read-models.db'), logger });
  await projections.whenCaughtUp();
  const asked: readonly (readonly [string, EnvironmentListQuery])[] = [
    ['first page', { limit: 50 }],
    ['first page of 1000', { limit: 1000 }],
    ['search', { limit: 50, search: 'FACTORY 9' }],
    ['search without a match', { limit: 50, search: 'nowhere' }],
    ['status', { limit: 50, status: 'down' }],
    ['tag', { limit: 50, tag: 'lab' }],
    ['platform', { limit: 50, platform: 'linux/arm64' }],
    ['all filters', { limit: 50, search: 'factory', status: 'up', tag: 'lab', platform: 'linux/amd64' }],
  ];
  for (const [name, query] of asked) await time(projections, environments, name, query);
  await projections.close();
  await store.close();
}

async function time(projections: Projections, environments: number, name: string, query: EnvironmentListQuery): Promise<void> {
  const times: number[] = [];
  let total = 0;
  for (let round = 0; round < 20; round++) {
    const started = performance.now();
    ({ total } = await projections.environments.list(query));
    times.push(performance.now() - started);
  }
  times.sort((a, b) => a - b);
  const [p50, worst] = [quantile(times, 0.5), quantile(times, 1)];
  measured.push({
    question: `list of ${String(environments)}: ${name} (${String(total)} match)`,
    result: `p50 ${p50.toFixed(1)} ms, worst of 20 ${worst.toFixed(1)} ms`,
    aim: '50 ms',
    value: p50,
  });
}

try {
  const events = Number(values.events);
  await catchUp('95 % polls', 100_000, { seed: 1, environments: 15_000, pollPercent: 95 }, events);
  await catchUp('decisions only', 30_000, { seed: 2, environments: 2000, pollPercent: 0 }, Math.ceil(events / 4));
  await latency(Number(values.appends));
  await lists(Number(values.environments));
  console.table(measured.map(({ question, result, aim }) => ({ question, result, aim })));
  console.log(JSON.stringify({ bench: 'projections', node: process.version, cpu: cpus()[0]?.model, threads: availableParallelism(), measured }));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
