/** A store that takes events anew: each stream begins at 0 in it. The embedded log that is being brought in, or an EventStoreDB. */
import type { LogImport } from '../event-store/open.ts';
import { EventStoreError, type EventStore } from '../event-store/port.ts';
import type { ExportedEvent } from './export-format.ts';
import type { EventRun } from './import-order.ts';
import type { DigestedEvent } from './stream-digests.ts';

/** All throw EventStoreError. Whatever is sent again, by the same ids at the same revisions, is recorded once. */
export interface EventSink {
  append(run: EventRun): Promise<void>;
  /** The newest metadata of a stream that has none. */
  setMetadata(event: ExportedEvent): Promise<void>;
  tombstone(event: ExportedEvent, lastRevision: number): Promise<void>;
  /** All events that are there. */
  readAll(): AsyncIterable<readonly DigestedEvent[]> | Iterable<readonly DigestedEvent[]>;
}

export function logSink(log: LogImport): EventSink {
  let createdAtMs = 0;
  return {
    append: async ({ stream, firstRevision, events, ...run }) => {
      ({ createdAtMs } = run);
      log.append({ kind: 'append', stream, lastRevision: firstRevision - 1, events, createdAtMs });
    },
    setMetadata: async (event) => log.append({ kind: 'append', stream: event.stream, lastRevision: -1, events: [event], createdAtMs }),
    tombstone: async (event, lastRevision) => log.append({ kind: 'tombstone', stream: event.stream, lastRevision, events: [event], createdAtMs }),
    readAll: () => log.events(),
  };
}

export function storeSink(store: EventStore): EventSink {
  return {
    append: async ({ stream, firstRevision, events }) => {
      await store.append(stream, events, { expectedRevision: firstRevision === 0 ? 'no-stream' : firstRevision - 1 });
    },
    setMetadata: async (event) => {
      await store.append(event.stream, [event], { expectedRevision: 'no-stream' });
    },
    tombstone: async (event, lastRevision) => {
      try {
        await store.tombstoneStream(event.stream, { expectedRevision: lastRevision < 0 ? 'no-stream' : lastRevision });
      } catch (error) {
        // By an earlier run.
        if (!(error instanceof EventStoreError) || error.code !== 'stream-deleted') throw error;
      }
    },
    readAll: () => store.readAll(),
  };
}
