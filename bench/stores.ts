/**
 * What does each store take and give? Appends, polls at the pace of 15,000 agents, and the read models' catch-up: over the embedded store,
 * through the EventStoreDB adapter against another Homeport that is only a store, and against the server that EVENTSTORE_URL names.
 *
 *   node bench/stores.ts [--events 400000] [--seconds 20] [--only embedded|homeport|server]
 *
 * The server's log must be empty. Aims: catching up with an embedded log 100,000 events a second where 95 % are polls, 30,000 of decisions
 * alone; 3,000 polls a second through the adapter for 0.35 core in the process that appends.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openEventStore, openServerEventStore } from '../services/event-store/open.ts';
import type { EventStore, NewEvent } from '../services/event-store/port.ts';
import type { HistoryOptions } from '../test/projections/random-history.ts';
import { startStoreProcess } from '../test/support/store-process.ts';
import { fillHistory, measureCatchUp } from './support/catch-up.ts';
import { measurePolls } from './support/paced-polls.ts';
import { describeMachine, printTable } from './support/report.ts';
import { quantile } from './support/statistics.ts';

const { values } = parseArgs({
  options: { events: { type: 'string', default: '400000' }, seconds: { type: 'string', default: '20' }, only: { type: 'string' } },
});
const events = Number(values.events);
const seconds = Number(values.seconds);
const url = process.env['EVENTSTORE_URL'] ?? '';
const folder = mkdtempSync(join(tmpdir(), 'homeport-bench-stores-'));

interface OpenStore {
  readonly store: EventStore;
  /** The process that is the store, where it is one of ours. */
  readonly pid: number | undefined;
  close(): Promise<void>;
}

interface Kind {
  readonly name: string;
  /** Through the adapter a log is read at the pace of gRPC: a shorter one tells as much. */
  readonly catchUpEvents: number;
  readonly aims: { readonly polls?: string; readonly mostPolls?: string; readonly decisions?: string };
  /** An empty store each time, but of a server, which has one log. */
  open(): Promise<OpenStore>;
}

async function openEmbedded(): Promise<OpenStore> {
  const store = await openEventStore({ dataDirectory: mkdtempSync(join(folder, 'embedded-')) });
  return { store, pid: undefined, close: () => store.close() };
}

async function openHomeport(): Promise<OpenStore> {
  const server = await startStoreProcess();
  const store = await openServerEventStore(server.connectionString);
  return {
    store,
    pid: server.process().pid,
    close: async () => {
      await store.close();
      await server.remove();
    },
  };
}

async function openServer(): Promise<OpenStore> {
  const store = await openServerEventStore(url);
  return { store, pid: undefined, close: () => store.close() };
}

const throughAdapter = { catchUpEvents: Math.ceil(events / 4), aims: { polls: '0.35 core' } };
const kinds: readonly Kind[] = [
  { name: 'embedded', catchUpEvents: events, aims: { mostPolls: '100,000', decisions: '30,000' }, open: openEmbedded },
  { name: 'homeport', ...throughAdapter, open: openHomeport },
  ...(url === '' ? [] : [{ name: 'server', ...throughAdapter, open: openServer }]),
].filter(({ name }) => values.only === undefined || name === values.only);

interface Row {
  readonly store: string;
  readonly question: string;
  readonly perSecond: number;
  readonly detail: string;
  readonly aim: string;
}
const rows: Row[] = [];

function newEvents(count: number): NewEvent[] {
  return Array.from({ length: count }, () => ({ id: randomUUID(), type: 'ThingHappened', data: JSON.stringify({ filler: 'x'.repeat(150) }), metadata: '{"actor":"bench"}' }));
}

/** `lanes` callers append one after the other, each to a stream of its own, so many events at a time. */
async function measureAppends({ name, open }: Kind, lanes: number, eventsPerAppend: number, appends: number): Promise<void> {
  const { store, close } = await open();
  const times: number[] = [];
  const lane = async (): Promise<void> => {
    const stream = `bench-${randomUUID()}`;
    let revision: number | undefined;
    for (let done = 0; done < appends / lanes; done += 1) {
      const startedAtMs = performance.now();
      ({ revision } = await store.append(stream, newEvents(eventsPerAppend), { expectedRevision: revision ?? 'no-stream' }));
      times.push(performance.now() - startedAtMs);
    }
  };
  const startedAtMs = performance.now();
  await Promise.all(Array.from({ length: lanes }, lane));
  const elapsed = (performance.now() - startedAtMs) / 1000;
  await close();
  rows.push({
    store: name,
    question: `appends of ${eventsPerAppend}, ${lanes} in flight`,
    perSecond: (times.length * eventsPerAppend) / elapsed,
    detail: `p50 ${quantile(times, 0.5).toFixed(2)} ms, p99 ${quantile(times, 0.99).toFixed(2)} ms`,
    aim: '',
  });
}

async function measurePacedPolls({ name, aims, open }: Kind): Promise<void> {
  const { store, pid, close } = await open();
  const { perSecond, cores, storeCores } = await measurePolls(store, { perSecond: 3_000, seconds, storePid: pid });
  await close();
  const there = Number.isNaN(storeCores) ? '' : `, ${storeCores.toFixed(2)} in the store`;
  rows.push({ store: name, question: 'polls recorded', perSecond, detail: `${cores.toFixed(2)} core${there}`, aim: aims.polls ?? '' });
}

async function measureHistory(kind: Kind, question: string, options: HistoryOptions, count: number, aim = ''): Promise<void> {
  const { store, close } = await kind.open();
  await fillHistory(store, options, count);
  const { perSecond, cpuMicrosPerEvent } = await measureCatchUp(store, mkdtempSync(join(folder, 'models-')), count);
  await close();
  rows.push({ store: kind.name, question, perSecond, detail: `${cpuMicrosPerEvent.toFixed(1)} µs CPU each`, aim });
}

try {
  for (const kind of kinds) {
    const { aims, catchUpEvents } = kind;
    await measureHistory(kind, `catch up, 95 % polls, of ${catchUpEvents}`, { seed: 1, environments: 15_000, pollPercent: 95 }, catchUpEvents, aims.mostPolls);
    // A server has one log: a second history would stand behind the first.
    if (kind.name !== 'server') await measureHistory(kind, `catch up, decisions alone, of ${catchUpEvents / 4}`, { seed: 2, environments: 2_000, pollPercent: 0 }, catchUpEvents / 4, aims.decisions);
    await measureAppends(kind, 1, 1, 2_000);
    await measureAppends(kind, 64, 1, 20_000);
    await measureAppends(kind, 8, 100, 2_000);
    await measurePacedPolls(kind);
  }
  printTable(['store, question', 'events/s', 'seen', 'aim'], rows.map(({ store, question, perSecond, detail, aim }) => [`${store}: ${question}`, Math.round(perSecond).toLocaleString('en'), detail, aim]));
  console.log(JSON.stringify({ bench: 'stores', machine: describeMachine(), rows }));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
