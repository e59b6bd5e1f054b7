/** The reading half in another thread of the process: that thread, made for SQL, runs it itself. */
import { EventStoreError, type EventReader, type SqliteReaderDescription } from '../port.ts';
import { createEventReader } from './event-reader.ts';
import { createHeadWatch } from './head-watch.ts';
import { localPages } from './log-pages.ts';
import { createLogReader } from './log-reader.ts';
import { openForReading } from './schema.ts';
import { toEventStoreError } from './sqlite-errors.ts';

/** Opens the log for reading. Throws EventStoreError `event-store-unavailable` or `event-store-corrupt`. */
export function openThreadReader({ file, heads: port }: SqliteReaderDescription): EventReader {
  const database = openForReading(file);
  const reader = createLogReader(database, Date.now);
  const heads = createHeadWatch(reader.head());
  const end = (message: string): void => heads.end(new EventStoreError('event-store-unavailable', message));
  port.on('message', (head: number) => heads.advance(head));
  port.on('close', () => end('The event store has ended.'));
  // Waiting for news keeps no thread alive that has nothing else to do.
  port.unref();

  const guarded = <T>(read: () => T): T => {
    try {
      return read();
    } catch (error) {
      throw toEventStoreError(error, 'The read failed');
    }
  };

  return createEventReader({
    pages: localPages({
      allPage: (query) => guarded(() => reader.allPage(query)),
      streamPage: (query) => guarded(() => reader.streamPage(query)),
      streamMetadata: (stream) => guarded(() => reader.streamMetadata(stream)),
      head: () => reader.head(),
    }),
    heads,
    currentHead: () => {
      // The log may be ahead of its announcements, which wait for this thread's event loop.
      heads.advance(guarded(() => reader.head()));
      return heads.head;
    },
    close: async () => {
      if (!database.isOpen) return;
      end('The reader is closed.');
      port.close();
      database.close();
    },
  });
}
