/** Opens event stores. The only place that imports adapters. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory } from './make-directory.ts';
import type { LogChain } from './log-chain.ts';
import type { LogMaintenance } from './log-maintenance.ts';
import { EventStoreError, type EventReader, type EventStore, type ReaderDescription } from './port.ts';
import type { LogArchive, LogRebuild } from './log-archive.ts';
import { defaultExpiringCategories, openSqliteEventStore, type SqliteEventStore, type SqliteEventStoreOptions } from './sqlite/event-store.ts';
import { openFileReader } from './sqlite/file-reader.ts';
import { createLogArchive } from './sqlite/log-archive.ts';
import { beginLogImport, type LogImport } from './sqlite/log-import.ts';
import { createLogRebuild } from './sqlite/log-rebuild.ts';
import { openForProof, proofOver, type LogProof } from './sqlite/open-for-proof.ts';
import { openOnAnyMedium } from './sqlite/open-on-any-medium.ts';
import { openScratch } from './sqlite/schema.ts';
import { openThreadReader } from './sqlite/thread-reader.ts';

/** The embedded store. */
export type EmbeddedEventStore = SqliteEventStore;

/** What every opened store can do; a server does its maintenance by itself, and has no chain. */
export type OpenedEventStore = EventStore & { readonly maintenance?: LogMaintenance; readonly chain?: LogChain };

export interface OpenEventStoreOptions extends Omit<SqliteEventStoreOptions, 'file'> {
  /** The folder that holds the log; made where there is none. Its lock must be held: see data-directory-lock.ts. */
  readonly dataDirectory: string;
}

/** The embedded store's log in a data directory. */
export function eventLogFile(dataDirectory: string): string {
  return join(dataDirectory, 'events.db');
}

/** Opens the embedded store. Throws EventStoreError `event-store-unavailable` or `event-store-corrupt`. */
export async function openEventStore({ dataDirectory, ...options }: OpenEventStoreOptions): Promise<EmbeddedEventStore> {
  try {
    makeDirectory(dataDirectory);
  } catch (error) {
    throw new EventStoreError('event-store-unavailable', `The data directory ${dataDirectory} can't be made.`, { cause: error });
  }
  return openSqliteEventStore({ ...options, file: eventLogFile(dataDirectory) });
}

/** What verification of the embedded store's log needs. */
export type { LogImport, LogProof };

/**
 * Opens the embedded store's log in a data directory for verification, beside a running server or without one. The calling thread runs
 * the SQL, so it must hold no sockets. Throws EventStoreError `event-store-unavailable` where there is none.
 */
export function openLogProof(dataDirectory: string): LogProof {
  return openForProof(eventLogFile(dataDirectory));
}

/**
 * Opens the reading half over the embedded store's log in a data directory, beside a running server or without one; takes no lock and
 * writes nothing. What another process appends is seen within a quarter of a second. The calling thread runs the SQL, so it must hold no
 * sockets. Throws EventStoreError `event-store-unavailable` (also where there is none) or `event-store-corrupt`.
 */
export function openLogReader(dataDirectory: string): EventReader {
  return openFileReader(eventLogFile(dataDirectory));
}

/**
 * Opens the embedded store's log in a data directory for an export or a backup, beside a running server or without one. The calling thread runs
 * the SQL, so it must hold no sockets. Throws EventStoreError `event-store-unavailable` where there is none.
 */
export function openLogArchive(dataDirectory: string): LogArchive {
  const file = eventLogFile(dataDirectory);
  if (!existsSync(file)) throw new EventStoreError('event-store-unavailable', `There is no event log ${file}.`);
  return createLogArchive(openOnAnyMedium(file));
}

/** A log that is put together from an export, in a file that nobody else sees, to be verified. `proof` comes after all else, and closes it. */
export function rebuildForProof(): { readonly rebuild: LogRebuild; proof(kind: { readonly isPartial: boolean }): LogProof; close(): void } {
  const database = openScratch();
  return {
    rebuild: createLogRebuild(database),
    proof: ({ isPartial }) => proofOver(database, { isPartial, isRebuilt: true }),
    close: () => database.close(),
  };
}

/** Begins to bring a log into a data directory that has none, whose lock must be held. The calling thread runs the SQL. Throws EventStoreError. */
export function importLog(dataDirectory: string): LogImport {
  return beginLogImport(eventLogFile(dataDirectory), defaultExpiringCategories);
}

/** Opens the store of an EventStoreDB server by its connection string. Throws EventStoreError `event-store-unavailable` or `access-denied`. */
export async function openServerEventStore(connectionString: string): Promise<OpenedEventStore> {
  const { openEventStoreDb } = await serverAdapter();
  return openEventStoreDb({ connectionString });
}

/**
 * Opens the reading half in another thread from what `readerSource()` gave. With the embedded store the calling thread
 * runs the SQL, so it must be a worker made for that. Throws as {@link openEventStore} does.
 */
export async function openReader(description: ReaderDescription): Promise<EventReader> {
  if (description.kind === 'sqlite') return openThreadReader(description);
  const { openEventStoreDbReader } = await serverAdapter();
  return openEventStoreDbReader(description.connectionString);
}

/** Loaded where it is needed: its client takes a tenth of a second, which a start with the embedded store would wait for in two threads. */
function serverAdapter(): Promise<typeof import('./eventstoredb/event-store.ts')> {
  return import('./eventstoredb/event-store.ts');
}
