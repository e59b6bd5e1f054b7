/** The embedded event store: the whole port over a writing thread and reading threads. The calling thread runs no SQL. */
import { randomUUID } from 'node:crypto';
import { MessageChannel } from 'node:worker_threads';
import { checkAppend } from '../append-limits.ts';
import type { ChainHead, LogChain } from '../log-chain.ts';
import type { KeptSize, LogMaintenance, RemovalResult } from '../log-maintenance.ts';
import type { AppendResult, EventStore, NewEvent, ReaderSource, SqliteReaderDescription } from '../port.ts';
import { encodeStreamMetadata, metadataEventType, metadataStreamOf } from '../stream-metadata.ts';
import { createAppendWatch } from './availability.ts';
import { createEventReader } from './event-reader.ts';
import { createHeadWatch, type HeadWatch } from './head-watch.ts';
import type { Operation } from './operations.ts';
import { startRemotePages, type RemotePages } from './remote-pages.ts';
import { startWriter, type WriterThread } from './writer-thread.ts';

/** Of these the design says that they are removed some day; everything else stays for ever. */
export const defaultExpiringCategories: readonly string[] = ['polls', 'activity', 'refusals', 'snapshots'];

export interface SqliteEventStoreOptions {
  /** The log's file; made where there is none, its folder must exist. */
  readonly file: string;
  /** Stream categories whose events are removed some day: the name before the first dash. */
  readonly expiringCategories?: readonly string[];
  /** Threads that read for the calling one. One by default. */
  readonly readerThreads?: number;
  /** Events committed together at most (but always a whole append): bounds how long a commit takes. 4,000 by default. */
  readonly maxGroupEvents?: number;
  /** The file may grow to so many pages of 4 KiB. Unbounded by default. */
  readonly maxPages?: number;
}

export interface SqliteEventStore extends EventStore {
  readonly maintenance: LogMaintenance;
  readonly chain: LogChain;
  readerSource(): ReaderSource<SqliteReaderDescription>;
}

/** Opens the log. Throws EventStoreError `event-store-unavailable` or `event-store-corrupt`. */
export async function openSqliteEventStore(options: SqliteEventStoreOptions): Promise<SqliteEventStore> {
  const { file, expiringCategories = defaultExpiringCategories, readerThreads = 1, maxGroupEvents = 4_000, maxPages } = options;
  const heads = createHeadWatch(0);
  const pages = startRemotePages(readerThreads);
  let writer: WriterThread | undefined;
  try {
    writer = await startWriter({ file, expiringCategories, maxGroupEvents, maxPages }, heads);
    await pages.open(file);
  } catch (error) {
    await writer?.close();
    await pages.close();
    throw error;
  }
  return toEventStore({ file, expiringCategories, writer, pages, heads });
}

interface StoreParts {
  readonly file: string;
  readonly expiringCategories: readonly string[];
  readonly writer: WriterThread;
  readonly pages: RemotePages;
  readonly heads: HeadWatch;
}

function toEventStore({ file, expiringCategories, writer, pages, heads }: StoreParts): SqliteEventStore {
  let closing: Promise<void> | undefined;
  const reader = createEventReader({
    pages,
    heads,
    currentHead: () => heads.head,
    // The writer last: with no reader left, SQLite moves the write-ahead log into the file and removes it.
    close: () => (closing ??= pages.close().then(() => writer.close())),
  });

  const watch = createAppendWatch(() => performance.now());
  const operate = (operation: Operation, bytes: number, windowMs = 0): Promise<AppendResult> => watch.watched(writer.operate(operation, bytes, windowMs));
  const deletion = (): readonly NewEvent[] => [{ id: randomUUID(), type: '', data: '', metadata: '' }];

  return {
    ...reader,
    append: async (stream, events, { expectedRevision, windowMs }) => {
      const bytes = checkAppend(stream, events);
      return operate({ kind: 'append', stream, expectedRevision, events }, bytes, windowMs);
    },
    setStreamMetadata: async (stream, metadata, { expectedRevision = 'any' } = {}) => {
      const name = metadataStreamOf(stream);
      const events = [{ id: randomUUID(), type: metadataEventType, data: encodeStreamMetadata(metadata), metadata: '{}' }];
      return operate({ kind: 'append', stream: name, expectedRevision, events }, checkAppend(name, events));
    },
    deleteStream: async (stream, { expectedRevision }) => {
      await operate({ kind: 'soft-delete', stream, expectedRevision, events: deletion() }, 0);
    },
    tombstoneStream: async (stream, { expectedRevision }) => {
      await operate({ kind: 'tombstone', stream, expectedRevision, events: deletion() }, 0);
    },
    unavailability: () => watch.unavailability(),
    readerSource: () => {
      const { port1, port2 } = new MessageChannel();
      writer.announceOn(port1);
      return { description: { kind: 'sqlite', file, heads: port2 }, transfer: [port2] };
    },
    maintenance: {
      expire: async (request) => {
        if (!expiringCategories.includes(request.category)) {
          throw new RangeError(`Events of the category "${request.category}" stay for ever.`);
        }
        return writer.ask<RemovalResult>((ticket) => ({ kind: 'expire', ticket, request }));
      },
      measure: () => writer.ask<ReadonlyMap<string, KeptSize>>((ticket) => ({ kind: 'measure', ticket })),
      scavenge: () => writer.ask<RemovalResult>((ticket) => ({ kind: 'scavenge', ticket })),
    },
    chain: { head: () => writer.ask<ChainHead | undefined>((ticket) => ({ kind: 'chain-head', ticket })) },
  };
}
