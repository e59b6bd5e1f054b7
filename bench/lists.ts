/**
 * How long do lists of environments take in a large fleet? Every order with every filter, for whoever sees everything and for operators
 * with few or many tags, now and as of instants; and the fleet's counts. Each is asked alone, and the longest of each kind shown.
 *
 *   node bench/lists.ts [--environments 100000] [--rounds 5] [--when NAME]… [--sort NAME]… [--filter NAME]… [--reach NAME]…
 *     [--without-last-polls] [--data FOLDER]
 *
 * The names are those of the tables below: a part of the 1,300 questions takes seconds. `--without-last-polls` leaves out of the past what is read in the log for
 * a page, when its agents had last polled. A folder that is given is filled once, and asked again by later runs.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import type { EnvironmentSort } from '../projections/environments/list-place.ts';
import { listPastEnvironments } from '../projections/environments/past-queries.ts';
import { createProjections } from '../projections/open.ts';
import type { EnvironmentListQuery, Projections } from '../projections/port.ts';
import { startQueryThreads, type QueryThreads } from '../projections/query-threads.ts';
import { openEventStore } from '../services/event-store/open.ts';
import { appendHistory } from '../test/projections/append-history.ts';
import type { HistoryEvent } from '../test/projections/random-history.ts';
import { fleetStartMs, largeFleet } from './support/large-fleet.ts';
import { describeMachine, printTable } from './support/report.ts';
import { median } from './support/statistics.ts';

const several = { type: 'string', multiple: true, default: [] as string[] } as const;
const { values } = parseArgs({
  options: {
    environments: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '5' },
    data: { type: 'string' },
    'without-last-polls': { type: 'boolean', default: false },
    when: several,
    sort: several,
    filter: several,
    reach: several,
  },
});
const [environments, rounds] = [Number(values.environments), Number(values.rounds)];
const aimMs = 50;
const directory = values.data ?? mkdtempSync(join(tmpdir(), 'homeport-bench-lists-'));

/** Those asked for, or all. */
function chosen(flag: 'when' | 'sort' | 'filter' | 'reach', names: readonly string[]): string[] {
  const unknown = values[flag].find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`--${flag} ${unknown} is none of: ${names.join('; ')}`);
  return names.filter((name) => values[flag].length === 0 || values[flag].includes(name));
}

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

/** By when the history ends, in milliseconds since 1970. The renames at its end take two milliseconds for each environment. */
const instants: Readonly<Record<string, (lastMs: number) => number | undefined>> = {
  now: () => undefined,
  'as of a moment ago': (lastMs) => lastMs - 1,
  'as of before the renames': (lastMs) => lastMs - 2 * environments,
  'as of half of it': (lastMs) => (fleetStartMs + lastMs) / 2,
};
const [whens, orders, asked, asking] = [chosen('when', Object.keys(instants)), chosen('sort', sorts), chosen('filter', Object.keys(filters)), chosen('reach', Object.keys(reaches))];

type Ask = () => Promise<{ readonly total: number }>;

interface Measured {
  readonly when: string;
  /** Or that the fleet was counted. */
  readonly sort: EnvironmentSort | 'counts';
  readonly filter: string;
  readonly reach: string;
  readonly p50Ms: number;
  /** Of this process, all its threads: what other work on the machine does not change. */
  readonly cpuMs: number;
  readonly total: number;
}

interface Fleet {
  readonly projections: Projections;
  /** The query threads of the file, to ask without the log. */
  readonly threads: QueryThreads;
  readonly lastMs: number;
  close(): Promise<void>;
}

async function fill(): Promise<Fleet> {
  const file = join(directory, 'read-models.db');
  const isFilled = existsSync(file);
  const store = await openEventStore({ dataDirectory: directory });
  const revisions = new Map<string, number>();
  const events: HistoryEvent[] = [];
  let lastMs = fleetStartMs;
  for (const event of largeFleet(environments)) {
    lastMs = Date.parse((JSON.parse(event.metadata) as { recordedAt: string }).recordedAt);
    if (isFilled) continue;
    events.push(event);
    if (events.length === 20_000) await appendHistory(store, events.splice(0), revisions);
  }
  await appendHistory(store, events, revisions);
  const logger = pino({ level: 'silent' });
  const projections = await createProjections({ eventStore: store, file, logger });
  await projections.whenCaughtUp();
  const threads = startQueryThreads({ file, threads: 1, logger, onCorrupt: () => undefined });
  return {
    projections,
    threads,
    lastMs,
    async close() {
      await threads.close();
      await projections.close();
      await store.close();
    },
  };
}

async function measure(ask: Ask): Promise<{ readonly p50Ms: number; readonly cpuMs: number; readonly total: number }> {
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
  const { projections, threads, lastMs, close } = await fill();
  const list = (query: Filters & { readonly sort: EnvironmentSort; readonly limit: number }, atMs: number | undefined): ReturnType<Ask> => {
    if (atMs === undefined) return projections.environments.list(query);
    return values['without-last-polls'] ? threads.ask(listPastEnvironments, { ...query, after: null, atMs }) : projections.past.listEnvironments(atMs, query);
  };
  const measured: Measured[] = [];
  for (const when of whens) {
    const atMs = instants[when]?.(lastMs);
    for (const reach of asking) {
      const { tagsInReach } = reaches[reach] ?? {};
      for (const sort of orders.filter((one) => atMs === undefined || !one.endsWith('lastPolledAt'))) {
        for (const filter of asked) {
          const query = { ...filters[filter], ...reaches[reach], sort: sort as EnvironmentSort, limit: 50 };
          measured.push({ when, sort: query.sort, filter, reach, ...(await measure(() => list(query, atMs))) });
        }
      }
      const count = async () => ({ total: (await (atMs === undefined ? projections.fleet.counts(tagsInReach) : projections.past.countFleet(atMs, tagsInReach))).environments });
      measured.push({ when, sort: 'counts', filter: 'all', reach, ...(await measure(count)) });
    }
  }
  await close();
  const longest = (group: readonly Measured[]) => group.reduce((worst, one) => (one.p50Ms > worst.p50Ms ? one : worst));
  const tableOf = (heading: string, kinds: readonly string[], of: (kind: string) => readonly Measured[]) => {
    const rows = kinds.flatMap((kind) => {
      const group = of(kind);
      if (group.length === 0) return [];
      const worst = longest(group);
      return [[kind, median(group.map(({ p50Ms }) => p50Ms)), median(group.map(({ cpuMs }) => cpuMs)), worst.p50Ms, worst.cpuMs, `${worst.sort}, ${worst.filter}`]];
    });
    if (rows.length > 0) printTable([heading, 'median ms', 'its CPU ms', 'longest ms', 'its CPU ms', 'which'], rows);
  };
  const pages = measured.filter(({ sort }) => sort !== 'counts');
  for (const [heading, group] of [[`a page of 50 out of ${environments}`, pages], ['the fleet counted', measured.filter(({ sort }) => sort === 'counts')]] as const) {
    tableOf(heading, whens.flatMap((when) => asking.map((reach) => `${when}; ${reach}`)), (kind) => group.filter(({ when, reach }) => `${when}; ${reach}` === kind));
  }
  tableOf('now, by order; everything in reach', orders, (sort) => pages.filter((one) => one.when === 'now' && one.sort === sort && one.reach === 'everything'));
  console.log(`${measured.filter(({ p50Ms }) => p50Ms > aimMs).length} of ${measured.length} take more than ${aimMs} ms, ${measured.filter(({ cpuMs }) => cpuMs > aimMs).length} of CPU`);
  console.log(JSON.stringify({ bench: 'lists', ...describeMachine(), environments, measured }));
} finally {
  if (values.data === undefined) rmSync(directory, { recursive: true, force: true });
}
