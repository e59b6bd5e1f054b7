/**
 * How soon is an append applied, and how long do lists take in a large fleet? How fast the read models catch up is in bench/stores.ts.
 *
 *   node bench/projections.ts [--environments 100000] [--appends 500]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { createProjections } from '../projections/open.ts';
import type { EnvironmentListQuery, Projections } from '../projections/port.ts';
import { openEventStore } from '../services/event-store/open.ts';
import { randomHistory } from '../test/projections/random-history.ts';
import { fillHistory } from './support/catch-up.ts';

const { values } = parseArgs({
  options: {
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
  await fillHistory(store, { seed: 4, environments, pollPercent: 0 }, environments * 2);
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
    ['sorted by status', { limit: 50, sort: 'status' }],
    ['newest first', { limit: 50, sort: '-createdAt' }],
    ['by last poll', { limit: 50, sort: '-lastPolledAt' }],
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
  await latency(Number(values.appends));
  await lists(Number(values.environments));
  console.table(measured.map(({ question, result, aim }) => ({ question, result, aim })));
  console.log(JSON.stringify({ bench: 'projections', node: process.version, cpu: cpus()[0]?.model, threads: availableParallelism(), measured }));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
