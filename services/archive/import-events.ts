/** `events import`: what an export holds, into an empty store of either kind. */
import { createReadStream } from 'node:fs';
import type { OnProgress } from '../event-store/log-verification.ts';
import { importLog, type LogImport, openServerEventStore } from '../event-store/open.ts';
import type { EventStore } from '../event-store/port.ts';
import { holdDataDirectory, type HeldDirectory } from './data-directory.ts';
import { logSink, storeSink } from './event-sink.ts';
import { ExportError } from './export-error.ts';
import { importAnew } from './import-anew.ts';
import { importAsItWas } from './import-as-it-was.ts';
import { partOf } from './import-order.ts';
import type { ImportResult } from './import-result.ts';
import { readExport } from './read-export.ts';
import { createStreamDigests, type StreamDigests } from './stream-digests.ts';
import { surveyExport, type SurveyedExport } from './survey-export.ts';

export interface EventImport {
  /** What `events export` wrote. */
  readonly file: string;
  /** The directory whose installation records there from now on: the embedded store's own, or, with a server, one that is told so. */
  readonly dataDirectory: string | undefined;
  /** An EventStoreDB's connection string; the embedded store in the data directory where absent. */
  readonly server: string | undefined;
  /** Told of each step by its name, with a count of its own. */
  readonly onProgress: (step: ImportStep, ...progress: Parameters<OnProgress>) => void;
  readonly signal?: AbortSignal;
}

export type ImportStep = 'checking' | 'importing' | 'comparing' | 'verifying';

/**
 * Interrupted, it leaves nothing behind (embedded), or goes on where it was when it is run again (a server). The calling thread runs SQL. Throws
 * {@link ExportError}, DataDirectoryError and EventStoreError.
 */
export async function importEvents(order: EventImport): Promise<ImportResult> {
  const { dataDirectory, server } = order;
  const directory = dataDirectory === undefined ? undefined : holdDataDirectory(dataDirectory);
  try {
    if (server !== undefined) return await intoServer(order, server, directory);
    if (directory === undefined) throw new TypeError('The embedded store needs a data directory.');
    return await intoLog(order, directory);
  } finally {
    directory?.release();
  }
}

async function intoLog(order: EventImport, directory: HeldDirectory): Promise<ImportResult> {
  const { file, onProgress } = order;
  directory.checkHasNoEvents();
  const survey = await surveyExport(file, { onRead: (bytes, of) => onProgress('checking', bytes, of), ...signalOf(order) });
  const log = importLog(directory.path);
  try {
    const isAsItWas = survey.header.store === 'sqlite' && survey.header.filter === null;
    const result = isAsItWas ? await asItWas(order, survey, log) : await anew(order, survey, log);
    order.signal?.throwIfAborted();
    log.complete();
    directory.recordsIn('sqlite', { keepsPositions: isAsItWas });
    return result;
  } catch (error) {
    log.discard();
    throw error;
  }
}

async function asItWas({ file, onProgress, signal }: EventImport, survey: SurveyedExport, log: LogImport): Promise<ImportResult> {
  const lines = readExport(createReadStream(file));
  const { events, streams, problem } = await importAsItWas({ lines, signal, onRead: (bytes) => onProgress('importing', bytes, survey.bytes), onVerified: (done, total) => onProgress('verifying', done, total) }, log);
  return { events, streams, before: 0, isAsItWas: true, renumbered: [], metadata: 0, leftOut: 0, problem };
}

async function anew(order: EventImport, survey: SurveyedExport, log: LogImport): Promise<ImportResult> {
  const before = createStreamDigests();
  const { metadata } = await importAnew(order.file, survey, logSink(log), before, anewProgress(order));
  return resultOf(survey, before, metadata);
}

async function intoServer(order: EventImport, connectionString: string, directory: HeldDirectory | undefined): Promise<ImportResult> {
  const { file, onProgress } = order;
  const store = await openServerEventStore(connectionString);
  try {
    const before = await digestsIn(store, order.signal);
    const survey = await surveyExport(file, {
      onRead: (bytes, of) => onProgress('checking', bytes, of),
      // An earlier run of this very import left the beginning of each stream, or nothing.
      onDigest: (stream, count, digest) => {
        const there = before.of(stream);
        if (there.count === count && there.digest !== digest) throw notEmpty(`its stream ${stream} holds other events than the export`);
      },
      ...signalOf(order),
    });
    for (const [stream, { count }] of before.streams()) {
      if (survey.digests.of(stream).count < count) throw notEmpty(`its stream ${stream} holds ${count} events, of which the export has ${survey.digests.of(stream).count}`);
    }
    const { metadata } = await importAnew(file, survey, storeSink(store), before, anewProgress(order));
    directory?.recordsIn('eventstoredb', { keepsPositions: false });
    return resultOf(survey, before, metadata);
  } finally {
    await store.close();
  }
}

function resultOf({ digests, renumbered, systemEvents }: SurveyedExport, before: StreamDigests, metadata: number): ImportResult {
  return {
    events: digests.count,
    streams: digests.streamCount,
    before: before.count,
    isAsItWas: false,
    renumbered: [...renumbered].map(([stream, from]) => ({ stream, from })),
    metadata,
    leftOut: systemEvents,
    problem: undefined,
  };
}

async function digestsIn(store: EventStore, signal: AbortSignal | undefined): Promise<StreamDigests> {
  const digests = createStreamDigests();
  for await (const page of store.readAll(signal === undefined ? {} : { signal })) for (const event of page) if (partOf(event) === 'stream') digests.add(event);
  return digests;
}

function notEmpty(why: string): ExportError {
  return new ExportError('event-store-not-empty', `the event store is not empty: ${why}. Import into an empty one`);
}

function anewProgress({ onProgress, signal }: EventImport) {
  return { onImported: (done: number, total: number) => onProgress('importing', done, total), onCompared: (done: number, total: number) => onProgress('comparing', done, total), signal };
}

function signalOf({ signal }: EventImport): { readonly signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}
