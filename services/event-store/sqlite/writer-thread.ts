/** The writer's thread, from the side of the thread that holds the store. */
import type { MessagePort } from 'node:worker_threads';
import { EventStoreError, type AppendResult } from '../port.ts';
import type { HeadWatch } from './head-watch.ts';
import type { Operation } from './operations.ts';
import { startStoreThread, type StoreThread } from './thread.ts';
import {
  flattenOperation,
  unflattenError,
  type FlatOperations,
  type FromWriter,
  type ToWriter,
  type WriterOptions,
} from './writer-protocol.ts';

/** Appends may wait with so many bytes altogether, where the disk does not keep up: memory is bounded. */
const maxWaitingBytes = 64 * 1024 * 1024;

export interface WriterThread {
  /** `bytes` is what the operation's events hold. Refused as `event-store-unavailable` where too much waits already. */
  operate(operation: Operation, bytes: number, windowMs: number): Promise<AppendResult>;
  announceOn(port: MessagePort): void;
  /** Asks for something that is no append. */
  ask<Result>(toMessage: (ticket: number) => ToWriter): Promise<Result>;
  /** Commits what was asked for before, and ends the thread. */
  close(): Promise<void>;
}

/** Starts the writer and tells `heads` of every new head, before the append that made it resolves. */
export async function startWriter(options: WriterOptions, heads: HeadWatch): Promise<WriterThread> {
  const thread = await startThread(options, heads);
  let isClosing = false;
  let waitingBytes = 0;
  let outbox: FlatOperations = [];

  const flush = (): void => {
    if (outbox.length === 0) return;
    const flat = outbox;
    outbox = [];
    thread.send({ kind: 'operations', flat });
  };
  const closed = (): EventStoreError => new EventStoreError('event-store-unavailable', 'The event store is closed.');
  const overloaded = (): EventStoreError =>
    new EventStoreError('event-store-unavailable', 'The event store can’t keep up: too many appends wait for its disk. Try again later.');

  return {
    operate: (operation, bytes, windowMs) => {
      if (isClosing) return Promise.reject(closed());
      if (waitingBytes + bytes > maxWaitingBytes) return Promise.reject(overloaded());
      waitingBytes += bytes;
      const { ticket, answer } = thread.request<AppendResult>(() => {
        waitingBytes -= bytes;
      });
      // Everything asked for in one turn of the event loop goes in one message.
      if (outbox.length === 0) setImmediate(flush);
      flattenOperation(outbox, ticket, windowMs, operation);
      return answer;
    },
    announceOn: (port) => thread.send({ kind: 'announce', port }, [port]),
    ask: <Result>(toMessage: (ticket: number) => ToWriter) => {
      if (isClosing) return Promise.reject(closed());
      const { ticket, answer } = thread.request<Result>();
      thread.send(toMessage(ticket));
      return answer;
    },
    close: async () => {
      isClosing = true;
      flush();
      await thread.close({ kind: 'close' });
    },
  };
}

function startThread(options: WriterOptions, heads: HeadWatch): Promise<StoreThread<ToWriter>> {
  return new Promise((resolve, reject) => {
    const thread = startStoreThread<ToWriter, FromWriter>({
      url: new URL(import.meta.url.endsWith('.ts') ? './writer-worker.ts' : './writer-worker.js', import.meta.url),
      name: 'event log writer',
      workerData: options,
      onMessage: (message) => {
        switch (message.kind) {
          case 'ready':
            heads.advance(message.head);
            resolve(thread);
            return;
          case 'settled': {
            heads.advance(message.head);
            const { results } = message;
            for (let at = 0; at < results.length; at += 3) {
              thread.resolve(results[at] ?? 0, { revision: results[at + 1], position: String(results[at + 2]) });
            }
            for (const { ticket, error } of message.failures) thread.reject(ticket, unflattenError(error));
            return;
          }
          case 'chain-head':
            thread.resolve(message.ticket, message.head);
            return;
          case 'removed':
            thread.resolve(message.ticket, message.result);
            return;
          case 'measured':
            thread.resolve(message.ticket, message.sizes);
            return;
          case 'request-failed':
            thread.reject(message.ticket, unflattenError(message.error));
            return;
          case 'unopened':
            reject(unflattenError(message.error));
            return;
        }
      },
      onEnd: (error) => {
        heads.end(error);
        reject(error);
      },
    });
  });
}
