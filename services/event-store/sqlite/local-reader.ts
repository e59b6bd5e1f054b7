/** The reading half over a connection of the calling thread, which runs the SQL itself. */
import type { DatabaseSync } from 'node:sqlite';
import { EventStoreError, type EventReader } from '../port.ts';
import { createEventReader } from './event-reader.ts';
import { createHeadWatch, type HeadWatch } from './head-watch.ts';
import { localPages } from './log-pages.ts';
import { createLogReader } from './log-reader.ts';
import { toEventStoreError } from './sqlite-errors.ts';

export interface LocalReader {
  readonly reader: EventReader;
  readonly heads: HeadWatch;
  /** Asks the log itself how far it is, and wakes whoever waits for news. */
  look(): void;
  /** Whoever waits, or will, is told why there is no more news. */
  end(message: string): void;
}

/** Creates it; `onClose` runs once, before the connection is closed. */
export function createLocalReader(database: DatabaseSync, onClose: () => void): LocalReader {
  const log = createLogReader(database, Date.now);
  const heads = createHeadWatch(log.head());
  const end = (message: string): void => heads.end(new EventStoreError('event-store-unavailable', message));
  const guarded = <T>(read: () => T): T => {
    try {
      return read();
    } catch (error) {
      throw toEventStoreError(error, 'The read failed');
    }
  };
  const look = (): void => heads.advance(guarded(() => log.head()));

  const reader = createEventReader({
    pages: localPages({
      allPage: (query) => guarded(() => log.allPage(query)),
      streamPage: (query) => guarded(() => log.streamPage(query)),
      streamMetadata: (stream) => guarded(() => log.streamMetadata(stream)),
      positionBefore: (instantMs) => guarded(() => log.positionBefore(instantMs)),
      head: () => log.head(),
    }),
    heads,
    currentHead: () => {
      // The log may be ahead of its announcements, which wait for this thread's event loop.
      look();
      return heads.head;
    },
    close: async () => {
      if (!database.isOpen) return;
      end('The reader is closed.');
      onClose();
      database.close();
    },
  });
  return { reader, heads, look, end };
}
