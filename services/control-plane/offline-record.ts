/** The record in a data directory, for a command that finds no server running: read as it is, without a lock, and without changing anything. */
import { join, resolve } from 'node:path';
import { createHistory } from '../application/history.ts';
import type { History } from '../application/ports/history.ts';
import { openLogReader, openServerEventStore } from '../event-store/open.ts';
import type { EventReader } from '../event-store/port.ts';
import { createOfflineEnvironments, type OfflineEnvironments } from './offline-environments.ts';
import { StartError } from './start-error.ts';
import { startErrorOf } from './start-errors.ts';
import { readIfPresent } from './tls/key-files.ts';

export interface OfflineRecord {
  /** The events as they are stored. */
  readonly reader: EventReader;
  /** The events as REST shows them, by the same filters. */
  readonly history: History;
  readonly environments: OfflineEnvironments;
  close(): Promise<void>;
}

/**
 * Opens it. `eventStore` is the connection string of an installation that records in an EventStoreDB; the embedded store is read by the
 * calling thread. A server that starts meanwhile is not in its way, and what it records is seen. Throws {@link StartError}
 * `event-store-changed`, and what a store fails to open with.
 */
export async function openOfflineRecord(dataDir: string, eventStore?: string): Promise<OfflineRecord> {
  try {
    const reader = await openRecordReader(resolve(dataDir), eventStore);
    return { reader, history: createHistory({ reader }), environments: createOfflineEnvironments(reader), close: () => reader.close() };
  } catch (error) {
    throw startErrorOf(error, dataDir);
  }
}

async function openRecordReader(dataDir: string, eventStore: string | undefined): Promise<EventReader> {
  const isServers = readIfPresent(join(dataDir, 'event-store-kind'))?.trim() === 'eventstoredb';
  if (isServers) {
    if (eventStore !== undefined && eventStore !== 'sqlite') return openServerEventStore(eventStore);
    throw new StartError('event-store-changed', `${dataDir} records in an EventStoreDB, and no server runs on it: name it by --event-store or --event-store-file, as serve does`);
  }
  return openLogReader(dataDir);
}
