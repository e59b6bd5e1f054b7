/**
 * How soon is an append applied? How fast the read models catch up is in bench/stores.ts, how long lists take in bench/lists.ts.
 *
 *   node bench/projections.ts [--appends 500]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { createProjections } from '../projections/open.ts';
import { openEventStore } from '../services/event-store/open.ts';
import { randomHistory } from '../test/projections/random-history.ts';

const { values } = parseArgs({
  options: {
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

try {
  await latency(Number(values.appends));
  console.table(measured.map(({ question, result, aim }) => ({ question, result, aim })));
  console.log(JSON.stringify({ bench: 'projections', node: process.version, cpu: cpus()[0]?.model, threads: availableParallelism(), measured }));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
