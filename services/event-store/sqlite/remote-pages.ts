/** Pages read by threads made for it, so that the calling thread runs no SQL. */
import type { MetadataResult } from '../port.ts';
import type { LogPages } from './log-pages.ts';
import type { EventPage, StreamPage } from './log-reader.ts';
import { unflattenEvents, type FromReader, type ToReader } from './reader-protocol.ts';
import { startStoreThread, type StoreThread } from './thread.ts';
import { unflattenError } from './writer-protocol.ts';

export interface RemotePages extends LogPages {
  close(): Promise<void>;
}

/** Starts so many reading threads on an existing log; each request goes to the next in turn. */
export async function startRemotePages(file: string, threadCount: number): Promise<RemotePages> {
  const threads = await Promise.all(Array.from({ length: threadCount }, () => startReader(file)));
  let turn = 0;
  const next = (): StoreThread<ToReader> => {
    turn = (turn + 1) % threads.length;
    const thread = threads[turn];
    if (thread === undefined) throw new RangeError('A store has at least one reading thread.');
    return thread;
  };
  const ask = <Answer>(toMessage: (ticket: number) => ToReader): Promise<Answer> => {
    const thread = next();
    const { ticket, answer } = thread.request<Answer>();
    thread.send(toMessage(ticket));
    return answer;
  };

  return {
    allPage: (query) => ask<EventPage>((ticket) => ({ kind: 'all', ticket, query })),
    streamPage: (query) => ask<StreamPage>((ticket) => ({ kind: 'stream', ticket, query })),
    streamMetadata: (stream) => ask<MetadataResult>((ticket) => ({ kind: 'metadata', ticket, stream })),
    isElsewhere: true,
    close: async () => {
      await Promise.all(threads.map((thread) => thread.close({ kind: 'close' })));
    },
  };
}

function startReader(file: string): Promise<StoreThread<ToReader>> {
  return new Promise((resolve, reject) => {
    const thread = startStoreThread<ToReader, FromReader>({
      url: new URL(import.meta.url.endsWith('.ts') ? './reader-worker.ts' : './reader-worker.js', import.meta.url),
      name: 'event log reader',
      workerData: { file },
      onMessage: (message) => {
        switch (message.kind) {
          case 'ready':
            resolve(thread);
            return;
          case 'page': {
            const { ticket, flat, next, lastRevision } = message;
            thread.resolve(ticket, { events: unflattenEvents(flat), next, lastRevision });
            return;
          }
          case 'metadata':
            thread.resolve(message.ticket, message.result);
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
  });
}
