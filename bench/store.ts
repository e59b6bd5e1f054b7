/**
 * How fast is the embedded event store? Appends per second by how many events are committed together, and full scans.
 *
 *     node bench/store.ts [--events N] [--dir FOLDER] [--only TEXT]
 *
 * Everything goes through the real port, from the main thread: synchronous=FULL, Merkle roots, expected revisions.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { eventLogFile, openEventStore } from '../services/event-store/open.ts';
import type { EventStore, NewEvent } from '../services/event-store/port.ts';
import type { ScanMessage } from './store-scan-worker.ts';

const { values } = parseArgs({
  options: { events: { type: 'string', default: '300000' }, dir: { type: 'string', default: tmpdir() }, only: { type: 'string', default: '' } },
});
const eventBudget = Number(values.events);
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const payload = JSON.stringify({ at: new Date().toISOString(), environmentId: 'k3v9', node: 'edge-17', filler: 'x'.repeat(100) });
const metadata = JSON.stringify({ actor: 'bench', recordedAt: new Date().toISOString() });

interface Row {
  readonly what: string;
  readonly events: number;
  readonly perSecond: number;
  /** The median of its rounds, where it has several: less moved by what else the machine does. */
  readonly medianPerSecond: number | null;
  /** Process CPU time over all its threads. */
  readonly cpuMicrosPerEvent: number;
  /** Events in a Merkle group, on average: what was really committed together. */
  readonly perGroup: number | null;
}

interface Shape {
  readonly what: string;
  /** Appends asked for at the same time, which are committed together. */
  readonly appends: number;
  readonly eventsPerAppend: number;
  /** So many such groups are asked for before the first is answered; the writer still commits one at a time. */
  readonly inFlight: number;
  readonly streams: number;
  /** At most so many groups, where each costs a flush of the disk. */
  readonly maxGroups: number;
}

const one = { appends: 1, eventsPerAppend: 1, streams: 16, maxGroups: 3_000 };
const thirty = { appends: 30, eventsPerAppend: 1, streams: 16, maxGroups: 5_000 };
const thousand = { appends: 1_000, eventsPerAppend: 1, streams: 16, maxGroups: 1_000 };

const shapes: readonly Shape[] = [
  { what: '1: one append at a time', ...one, inFlight: 1 },
  { what: '1: eight in flight, committed one by one', ...one, inFlight: 8 },
  { what: '30: appends of 1, a group at a time', ...thirty, inFlight: 1 },
  { what: '30: appends of 1, groups in flight', ...thirty, inFlight: 4 },
  { what: '30: appends of 1, in flight, 15,000 streams', ...thirty, streams: 15_000, inFlight: 4 },
  { what: '30: appends of 30, one at a time', ...thirty, appends: 1, eventsPerAppend: 30, inFlight: 1 },
  { what: '30: appends of 30, in flight', ...thirty, appends: 1, eventsPerAppend: 30, inFlight: 4 },
  { what: '1,000: appends of 1, groups in flight', ...thousand, inFlight: 2 },
  { what: '1,000: appends of 1,000, in flight', ...thousand, appends: 1, eventsPerAppend: 1_000, inFlight: 2 },
];

const folder = mkdtempSync(join(values.dir, 'homeport-bench-store-'));
try {
  const machine = describeMachine();
  const flushMs = measureFlush(join(folder, 'flush'));
  const loadBefore = loadavg();
  const rows: Row[] = [];
  for (const shape of shapes.filter(({ what }) => what.includes(values.only))) rows.push(await measureAppends(shape));
  if ('scan'.includes(values.only) || values.only === '') rows.push(...(await measureScans()));
  const figures = { machine, flushMs, loadBefore, loadAfter: loadavg(), payloadBytes: payload.length + metadata.length, rows };
  printTable(figures.rows);
  process.stdout.write(`${JSON.stringify(figures)}\n`);
} finally {
  rmSync(folder, { recursive: true });
}

function newEvents(count: number): NewEvent[] {
  return Array.from({ length: count }, () => ({ id: randomUUID(), type: 'AgentPolled', data: payload, metadata }));
}

async function measureAppends(shape: Shape): Promise<Row> {
  const dataDirectory = mkdtempSync(join(folder, 'appends-'));
  const perGroup = shape.appends * shape.eventsPerAppend;
  const store = await openEventStore({ dataDirectory, maxGroupEvents: perGroup });
  const groups = Math.min(shape.maxGroups, Math.ceil(eventBudget / perGroup));
  const warmUp = Math.ceil(groups / 10);
  const last = new Map<number, number>();
  let nextStream = 0;

  const appendGroup = async (batch: readonly NewEvent[][]): Promise<void> => {
    await Promise.all(
      batch.map((events) => {
        nextStream = (nextStream + 1) % shape.streams;
        const revision = last.get(nextStream);
        last.set(nextStream, (revision ?? -1) + events.length);
        return store.append(`polls-bench_${nextStream}`, events, { expectedRevision: revision ?? 'no-stream' });
      }),
    );
  };
  const appendAll = async (all: readonly NewEvent[][][]): Promise<void> => {
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let batch = all[next++]; batch !== undefined; batch = all[next++]) await appendGroup(batch);
    };
    await Promise.all(Array.from({ length: shape.inFlight }, lane));
  };

  const makeBatches = (count: number): NewEvent[][][] =>
    Array.from({ length: count }, () => Array.from({ length: shape.appends }, () => newEvents(shape.eventsPerAppend)));

  await appendAll(makeBatches(warmUp));
  // Events are made, and moved to where the collector leaves them alone, off the clock: neither is what is measured.
  const groupsPerRound = Math.ceil(6_000 / perGroup);
  const rounds: Row[] = [];
  for (let done = 0; done < groups; done += groupsPerRound) {
    const batches = makeBatches(Math.min(groupsPerRound, groups - done));
    collectGarbage();
    rounds.push(await measure(`appends, groups of ${shape.what}`, batches.length * perGroup, () => appendAll(batches)));
  }
  const row = sum(rounds);
  await store.close();
  const database = new DatabaseSync(eventLogFile(dataDirectory), { readOnly: true });
  const recorded = Number(database.prepare('SELECT count(*) AS count FROM event_groups').get()?.['count']);
  database.close();
  rmSync(dataDirectory, { recursive: true });
  return { ...row, perGroup: Math.round(((groups + warmUp) * perGroup) / recorded) };
}

async function measureScans(): Promise<Row[]> {
  const dataDirectory = mkdtempSync(join(folder, 'scan-'));
  const store = await openEventStore({ dataDirectory });
  const count = Math.max(1_000, Math.floor(eventBudget / 1_000) * 1_000);
  for (let at = 0; at < count; at += 1_000) {
    // One event in twenty is of a category that stays, as where every agent polls.
    await store.append(`polls-bench_${at % 16}`, newEvents(950), { expectedRevision: 'any' });
    await store.append(`environment-${at % 15_000}`, newEvents(50), { expectedRevision: 'any' });
  }
  const rows: Row[] = [];
  const scan = async (what: string, expected: number, run: () => Promise<number>): Promise<void> => {
    await run();
    rows.push(
      await measure(what, expected, async () => {
        const seen = await run();
        if (seen !== expected) throw new Error(`${what}: ${seen} of ${expected} events were read.`);
      }),
    );
  };
  const thread = await startScanningThread(store);
  await scan('scan by openReader in a worker', count, thread.scan);
  await thread.close();
  await scan('scan by readAll of the port', count, () => countEvents(store));
  await scan('scan of what stays, by prefix', count / 20, () => countEvents(store, ['environment-']));
  await store.close();
  // Closed: nothing is left in the write-ahead log.
  const bytesPerEvent = Math.round(statSync(eventLogFile(dataDirectory)).size / count);
  process.stdout.write(`${bytesPerEvent} bytes a recorded event\n`);
  return rows;
}

async function countEvents(store: EventStore, streamPrefixes?: readonly string[]): Promise<number> {
  let seen = 0;
  for await (const page of store.readAll(streamPrefixes === undefined ? {} : { filter: { streamPrefixes } })) seen += page.length;
  return seen;
}

interface ScanningThread {
  scan(): Promise<number>;
  close(): Promise<void>;
}

async function startScanningThread(store: EventStore): Promise<ScanningThread> {
  const { description, transfer } = store.readerSource();
  const worker = new Worker(new URL('./store-scan-worker.ts', import.meta.url), { workerData: description, transferList: [...transfer] });
  const next = async (): Promise<ScanMessage> => {
    const [message] = (await once(worker, 'message')) as [ScanMessage];
    return message;
  };
  await next();
  return {
    scan: async () => {
      worker.postMessage('scan');
      const message = await next();
      return message === 'ready' ? 0 : message.seen;
    },
    close: async () => {
      const ended = once(worker, 'exit');
      worker.postMessage('close');
      await ended;
    },
  };
}

async function measure(what: string, events: number, run: () => Promise<void>): Promise<Row> {
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  await run();
  const cpu = process.cpuUsage(cpuBefore);
  const seconds = (performance.now() - startedAt) / 1_000;
  const cpuMicrosPerEvent = round((cpu.user + cpu.system) / events);
  return { what, events, perSecond: Math.round(events / seconds), medianPerSecond: null, cpuMicrosPerEvent, perGroup: null };
}

/** Rounds of one measurement as one. */
function sum(rounds: readonly Row[]): Row {
  const total = (of: (round: Row) => number): number => rounds.reduce((before, round) => before + of(round), 0);
  const events = total((round) => round.events);
  return {
    what: rounds[0]?.what ?? '',
    events,
    perSecond: Math.round(events / total((round) => round.events / round.perSecond)),
    medianPerSecond: rounds.map((round) => round.perSecond).toSorted((a, b) => a - b)[Math.floor(rounds.length / 2)] ?? null,
    cpuMicrosPerEvent: round(total((round) => round.events * round.cpuMicrosPerEvent) / events),
    perGroup: null,
  };
}

/** What one durable write costs on this disk: the median of writing 4 KiB and flushing it. */
function measureFlush(file: string): number {
  const descriptor = openSync(file, 'w');
  const block = Buffer.alloc(4_096, 1);
  const times = Array.from({ length: 200 }, () => {
    const startedAt = performance.now();
    writeSync(descriptor, block);
    fdatasyncSync(descriptor);
    return performance.now() - startedAt;
  });
  closeSync(descriptor);
  return round(times.toSorted((a, b) => a - b)[100] ?? 0);
}

function describeMachine(): Record<string, unknown> {
  return { cpu: cpus()[0]?.model, cores: availableParallelism(), node: process.version };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function printTable(rows: readonly Row[]): void {
  const line = (cells: readonly string[]): string => cells.map((cell, index) => (index === 0 ? cell.padEnd(64) : cell.padStart(14))).join('');
  process.stdout.write(`${line(['', 'events/s', 'median round', 'CPU µs/event', 'events/group'])}\n`);
  for (const { what, perSecond, medianPerSecond, cpuMicrosPerEvent, perGroup } of rows) {
    const median = medianPerSecond === null ? '' : medianPerSecond.toLocaleString('en');
    const group = perGroup === null ? '' : String(perGroup);
    process.stdout.write(`${line([what, perSecond.toLocaleString('en'), median, String(cpuMicrosPerEvent), group])}\n`);
  }
}
