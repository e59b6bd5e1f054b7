/**
 * How long does a question about the past take, in a long history?
 *
 *   node bench/as-of.ts [--events 10000000] [--environments 15000] [--rounds 200]
 *
 * 95 of a hundred events are polls. The instants are spread evenly over the history; each question is asked alone.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { createProjections } from '../projections/open.ts';
import { openEventStore } from '../services/event-store/open.ts';
import { appendHistory } from '../test/projections/append-history.ts';
import { createRandom, randomHistory } from '../test/projections/random-history.ts';

const { values } = parseArgs({
  options: { events: { type: 'string', default: '10000000' }, environments: { type: 'string', default: '15000' }, rounds: { type: 'string', default: '200' } },
});
const [events, environments, rounds] = [Number(values.events), Number(values.environments), Number(values.rounds)];
const directory = mkdtempSync(join(tmpdir(), 'homeport-bench-'));
const aimMs = 1000;

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

try {
  const store = await openEventStore({ dataDirectory: directory });
  const history = randomHistory({ seed: 5, environments, pollPercent: 95 });
  const revisions = new Map<string, number>();
  const ids: string[] = [];
  let [firstMs, lastMs] = [0, 0];
  for (let left = events; left > 0; left -= 20_000) {
    const some = Array.from({ length: Math.min(left, 20_000) }, () => history.next().value);
    for (const { type, stream } of some) if (type === 'EnvironmentCreated') ids.push(stream.slice('environment-'.length));
    const recordedAt = (event: (typeof some)[number] | undefined) => Date.parse((JSON.parse(event?.metadata ?? '{}') as { recordedAt: string }).recordedAt);
    if (left === events) firstMs = recordedAt(some[0]);
    lastMs = recordedAt(some.at(-1));
    // Polls reach the store a shard at a time, and so they stand in its log.
    some.sort((a, b) => (a.stream.startsWith('polls-') && b.stream.startsWith('polls-') ? a.stream.localeCompare(b.stream) : 0));
    await appendHistory(store, some, revisions);
  }
  const started = performance.now();
  const projections = await createProjections({ eventStore: store, file: join(directory, 'read-models.db'), logger: pino({ level: 'silent' }) });
  await projections.whenCaughtUp();
  const seconds = (performance.now() - started) / 1000;
  console.log(`${events.toLocaleString('en')} events over ${((lastMs - firstMs) / 3600_000).toFixed(1)} h, ${ids.length.toLocaleString('en')} environments; applied at ${Math.round(events / seconds).toLocaleString('en')} a second`);

  const random = createRandom(6);
  const { past } = projections;
  let approximate = 0;
  const questions: readonly (readonly [string, (atMs: number) => Promise<unknown>])[] = [
    ['environments, a page of 50', async (atMs) => (approximate += (await past.listEnvironments(atMs, { limit: 50 })).items.some((one) => one.approximate.length > 0) ? 1 : 0)],
    ['environments down, newest first', (atMs) => past.listEnvironments(atMs, { limit: 50, status: 'down', sort: '-createdAt' })],
    ['one environment', (atMs) => past.findEnvironment(atMs, ids[random(ids.length)] ?? '')],
    ['a tunnel', (atMs) => past.findTunnel(atMs, ids[random(ids.length)] ?? '', null)],
    ['the fleet', (atMs) => past.countFleet(atMs)],
    ['containers', (atMs) => past.listContainers(atMs, { limit: 50, image: 'nginx' })],
  ];
  const measured: { question: string; p50Ms: number; p99Ms: number; worstMs: number }[] = [];
  for (const [question, ask] of questions) {
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) {
      const atMs = firstMs + Math.floor(((lastMs - firstMs) * (round + 0.5)) / rounds);
      const asked = performance.now();
      await ask(atMs);
      times.push(performance.now() - asked);
    }
    times.sort((a, b) => a - b);
    measured.push({ question, p50Ms: Math.round(quantile(times, 0.5)), p99Ms: Math.round(quantile(times, 0.99)), worstMs: Math.round(quantile(times, 1)) });
  }
  console.table(measured.map((one) => ({ ...one, aim: `p99 ${String(aimMs)} ms` })));
  console.log(`pages with an approximate last poll: ${String(approximate)} of ${String(rounds)}`);
  console.log(JSON.stringify({ bench: 'as-of', events, environments, rounds, approximate, node: process.version, cpu: cpus()[0]?.model, threads: availableParallelism(), load: loadavg()[0], measured }));
  await projections.close();
  await store.close();
} finally {
  rmSync(directory, { recursive: true, force: true });
}
