/** Pages read by threads made for it, so that the calling thread runs no SQL. */
import type { MetadataResult } from '../port.ts';
import type { LogPages } from './log-pages.ts';
import type { EventPage, StreamPage } from './log-reader.ts';
import { unflattenEvents, type FromReader, type ToReader } from './reader-protocol.ts';
import { startStoreThread, type StoreThread } from './thread.ts';
import { unflattenError } from './writer-protocol.ts';

export interface RemotePages extends LogPages {
  /** Before anything else: the threads open the log, which must exist. Throws EventStoreError `event-store-unavailable` or `event-store-corrupt`. */
  open(file: string): Promise<void>;
  close(): Promise<void>;
}

interface ReadingThread {
  readonly thread: StoreThread<ToReader>;
  readonly opened: Promise<undefined>;
}

/** Starts so many reading threads; each request goes to the next in turn. */
export function startRemotePages(threadCount: number): RemotePages {
  const readers = Array.from({ length: Math.max(1, threadCount) }, startReader);
  let turn = 0;
  const ask = <Answer>(toMessage: (ticket: number) => ToReader): Promise<Answer> => {
    turn = (turn + 1) % readers.length;
    const thread = readers[turn]?.thread;
    if (thread === undefined) throw new RangeError('A store has at least one reading thread.');
    const { ticket, answer } = thread.request<Answer>();
    thread.send(toMessage(ticket));
    return answer;
  };

  return {
    open: async (file) => {
      for (const { thread } of readers) thread.send({ kind: 'open', file });
      await Promise.all(readers.map(({ opened }) => opened));
    },
    allPage: (query) => ask<EventPage>((ticket) => ({ kind: 'all', ticket, query })),
    streamPage: (query) => ask<StreamPage>((ticket) => ({ kind: 'stream', ticket, query })),
    streamMetadata: (stream) => ask<MetadataResult>((ticket) => ({ kind: 'metadata', ticket, stream })),
    positionBefore: (instantMs) => ask<number>((ticket) => ({ kind: 'position-before', ticket, instantMs })),
    isElsewhere: true,
    close: async () => {
      await Promise.all(readers.map(({ thread }) => thread.close({ kind: 'close' })));
    },
  };
}

function startReader(): ReadingThread {
  const { promise: opened, resolve, reject } = Promise.withResolvers<undefined>();
  // Where nobody waits for it to open, its end is no news.
  opened.catch(() => undefined);
  const thread = startStoreThread<ToReader, FromReader>({
    url: new URL(import.meta.url.endsWith('.ts') ? './reader-worker.ts' : './reader-worker.js', import.meta.url),
    name: 'event log reader',
    workerData: undefined,
    onMessage: (message) => {
      switch (message.kind) {
        case 'ready':
          resolve(undefined);
          return;
        case 'page': {
          const { ticket, flat, next, lastRevision } = message;
          thread.resolve(ticket, { events: unflattenEvents(flat), next, lastRevision });
          return;
        }
        case 'metadata':
          thread.resolve(message.ticket, message.result);
          return;
        case 'position':
          thread.resolve(message.ticket, message.position);
          return;
        case 'failed':
          thread.reject(message.ticket, unflattenError(message.error));
          return;
        case 'unopened':
          reject(unflattenError(message.error));
          return;
      }
    },
    onEnd: reject,
  });
  return { thread, opened };
}
