/**
 * How long do lists of environments take in a large fleet? Every order with every filter, for whoever sees everything and for operators
 * with few or many tags, now and as of instants: each asked alone, and the longest of each kind shown.
 *
 *   node bench/lists.ts [--environments 100000] [--rounds 5]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import type { EnvironmentSort } from '../projections/environments/list-place.ts';
import { createProjections } from '../projections/open.ts';
import type { EnvironmentListQuery, Projections } from '../projections/port.ts';
import { openEventStore } from '../services/event-store/open.ts';
import { appendHistory } from '../test/projections/append-history.ts';
import type { HistoryEvent } from '../test/projections/random-history.ts';
import { fleetStartMs, largeFleet } from './support/large-fleet.ts';
import { describeMachine, printTable } from './support/report.ts';
import { median } from './support/statistics.ts';

const { values } = parseArgs({ options: { environments: { type: 'string', default: '100000' }, rounds: { type: 'string', default: '5' } } });
const [environments, rounds] = [Number(values.environments), Number(values.rounds)];
const aimMs = 50;
const directory = mkdtempSync(join(tmpdir(), 'homeport-bench-lists-'));

type Filters = Omit<EnvironmentListQuery, 'sort' | 'limit' | 'cursor'>;
const sorts: readonly EnvironmentSort[] = ['name', '-name', 'status', '-status', 'createdAt', '-createdAt', 'lastPolledAt', '-lastPolledAt'];
const filters: Readonly<Record<string, Filters>> = {
  all: {},
  'search, a tenth': { search: 'FACTORY 9' },
  'search, none': { search: 'nowhere' },
  'status up': { status: 'up' },
  'status down': { status: 'down' },
  'tag, one in eight': { tag: 'region-3' },
  'tag, one in a hundred': { tag: 'site-42' },
  'tag, a single one': { tag: 'own-500' },
  platform: { platform: 'linux/arm64' },
  'all filters': { search: 'factory', status: 'up', tag: 'region-3', platform: 'linux/arm64' },
};
const some = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
const reaches: Readonly<Record<string, Filters>> = {
  everything: {},
  'one tag': { tagsInReach: ['region-1'] },
  '5 tags': { tagsInReach: some('region', 5) },
  '64 tags': { tagsInReach: some('site', 64) },
  '64 tags of one each': { tagsInReach: some('own', 64) },
};

interface Measured {
  readonly when: string;
  readonly sort: EnvironmentSort;
  readonly filter: string;
  readonly reach: string;
  readonly p50Ms: number;
  /** Of this process, all its threads: what other work on the machine does not change. */
  readonly cpuMs: number;
  readonly total: number;
}

async function fill(): Promise<{ readonly projections: Projections; readonly lastMs: number; close(): Promise<void> }> {
  const store = await openEventStore({ dataDirectory: directory });
  const revisions = new Map<string, number>();
  const events: HistoryEvent[] = [];
  let lastMs = fleetStartMs;
  for (const event of largeFleet(environments)) {
    events.push(event);
    if (events.length === 20_000) await appendHistory(store, events.splice(0), revisions);
    lastMs = Date.parse((JSON.parse(event.metadata) as { recordedAt: string }).recordedAt);
  }
  await appendHistory(store, events, revisions);
  const projections = await createProjections({ eventStore: store, file: join(directory, 'read-models.db'), logger: pino({ level: 'silent' }) });
  await projections.whenCaughtUp();
  return {
    projections,
    lastMs,
    async close() {
      await projections.close();
      await store.close();
    },
  };
}

async function measure(ask: () => Promise<{ readonly total: number }>): Promise<{ readonly p50Ms: number; readonly cpuMs: number; readonly total: number }> {
  const times: number[] = [];
  const cpus: number[] = [];
  let total = 0;
  for (let round = 0; round < rounds; round += 1) {
    const [cpu, startedMs] = [process.cpuUsage(), performance.now()];
    ({ total } = await ask());
    times.push(performance.now() - startedMs);
    const used = process.cpuUsage(cpu);
    cpus.push((used.user + used.system) / 1000);
  }
  return { p50Ms: median(times), cpuMs: median(cpus), total };
}

try {
  const { projections, lastMs, close } = await fill();
  const instants: Readonly<Record<string, number | undefined>> = { now: undefined, 'as of a moment ago': lastMs - 1, 'as of before the renames': lastMs - environments, 'as of half of it': (fleetStartMs + lastMs) / 2 };
  const measured: Measured[] = [];
  for (const [when, atMs] of Object.entries(instants)) {
    for (const sort of sorts.filter((one) => atMs === undefined || !one.endsWith('lastPolledAt'))) {
      for (const [filter, filtered] of Object.entries(filters)) {
        for (const [reach, reached] of Object.entries(reaches)) {
          const query = { ...filtered, ...reached, sort, limit: 50 };
          const ask = () => (atMs === undefined ? projections.environments.list(query) : projections.past.listEnvironments(atMs, query));
          measured.push({ when, sort, filter, reach, ...(await measure(ask)) });
        }
      }
    }
  }
  await close();
  const longest = (group: readonly Measured[]) => group.reduce((worst, one) => (one.p50Ms > worst.p50Ms ? one : worst));
  const rows = Object.keys(instants).flatMap((when) =>
    Object.keys(reaches).map((reach) => {
      const group = measured.filter((one) => one.when === when && one.reach === reach);
      const worst = longest(group);
      return [`${when}; ${reach}`, median(group.map(({ p50Ms }) => p50Ms)), worst.p50Ms, worst.cpuMs, `${worst.sort}, ${worst.filter}`];
    }),
  );
  printTable([`a page of 50 out of ${environments}`, 'median ms', 'longest ms', 'its CPU ms', 'which'], rows);
  printTable(
    ['now, by order; everything in reach', 'median ms', 'longest ms', 'its CPU ms', 'which'],
    sorts.map((sort) => {
      const group = measured.filter((one) => one.when === 'now' && one.sort === sort && one.reach === 'everything');
      const worst = longest(group);
      return [sort, median(group.map(({ p50Ms }) => p50Ms)), worst.p50Ms, worst.cpuMs, worst.filter];
    }),
  );
  console.log(`${measured.filter(({ p50Ms }) => p50Ms > aimMs).length} of ${measured.length} take more than ${aimMs} ms`);
  console.log(JSON.stringify({ bench: 'lists', ...describeMachine(), environments, measured }));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
