/** One worker thread of the store, and the requests that it has not answered yet. */
import { Worker, type Transferable } from 'node:worker_threads';
import { EventStoreError } from '../port.ts';
import { toEventStoreError } from './sqlite-errors.ts';

interface Pending {
  resolve(value: never): void;
  reject(error: EventStoreError): void;
  onSettled: (() => void) | undefined;
}

/** `To` is what it is told, `From` what it says. */
export interface StoreThread<To> {
  /** A ticket for a request whose answer will be awaited; `onSettled` is called before the answer is seen. Rejected already where the thread is dead. */
  request<Answer>(onSettled?: () => void): { readonly ticket: number; readonly answer: Promise<Answer> };
  resolve(ticket: number, answer: unknown): void;
  reject(ticket: number, error: EventStoreError): void;
  send(message: To, transfer?: readonly Transferable[]): void;
  /** Asks it to end by this message and waits until it has; requests left unanswered are rejected. */
  close(farewell: To): Promise<void>;
}

export interface StoreThreadOptions<From> {
  readonly url: URL;
  readonly name: string;
  readonly workerData: unknown;
  onMessage(message: From): void;
  /** Nothing more will come. */
  onEnd(error: EventStoreError): void;
}

/** Starts the thread. */
export function startStoreThread<To, From>(options: StoreThreadOptions<From>): StoreThread<To> {
  const pending = new Map<number, Pending>();
  const worker = new Worker(options.url, {
    name: options.name,
    workerData: options.workerData,
    // What passes through lives shortly: room for it to die in, so that the collector copies less.
    resourceLimits: { maxYoungGenerationSizeMb: 48 },
  });
  let lastTicket = 0;
  let ended: EventStoreError | undefined;

  const take = (ticket: number): Pending | undefined => {
    const request = pending.get(ticket);
    pending.delete(ticket);
    request?.onSettled?.();
    return request;
  };

  const end = (error: EventStoreError): void => {
    if (ended !== undefined) return;
    ended = error;
    for (const ticket of [...pending.keys()]) take(ticket)?.reject(error);
    options.onEnd(error);
  };
  const exited = new Promise<void>((resolve) => {
    worker.on('exit', () => {
      end(new EventStoreError('event-store-unavailable', `The ${options.name} has ended.`));
      resolve();
    });
  });
  worker.on('error', (error) => end(toEventStoreError(error, `The ${options.name} failed`)));
  worker.on('message', options.onMessage);

  return {
    request: <Answer>(onSettled?: () => void) => {
      lastTicket += 1;
      const ticket = lastTicket;
      const answer = new Promise<Answer>((resolve, reject) => {
        if (ended === undefined) pending.set(ticket, { resolve, reject, onSettled });
        else {
          onSettled?.();
          reject(ended);
        }
      });
      return { ticket, answer };
    },
    resolve: (ticket, answer) => take(ticket)?.resolve(answer as never),
    reject: (ticket, error) => take(ticket)?.reject(error),
    send: (message, transfer = []) => worker.postMessage(message, transfer),
    close: async (farewell) => {
      worker.postMessage(farewell);
      await exited;
    },
  };
}
