/** Asks the threads that answer queries, so that the calling thread runs no SQL. */
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import { ProjectionsError } from './port.ts';
import type { Query } from './projection.ts';
import type { QueryAnswer, QueryRequest } from './thread-messages.ts';

export interface QueryThreads {
  /** Throws {@link ProjectionsError} query-failed, projections-closed. */
  ask<Input, Output>(query: Query<Input, Output>, input: Input): Promise<Output>;
  /** Closes the file in every thread; questions wait until `resume`. */
  release(): Promise<void>;
  /** The next question opens the file, whichever it is by then. */
  resume(): void;
  close(): Promise<void>;
}

interface Asked {
  readonly request: QueryRequest & { readonly kind: 'query' };
  readonly resolve: (json: string) => void;
  readonly reject: (error: ProjectionsError) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly exited: Promise<void>;
  readonly asked: Map<number, Asked>;
  released: (() => void) | undefined;
}

/** How long after its unexpected end a thread is started again, in milliseconds. */
const restartMs = 500;

const workerUrl = new URL(import.meta.url.endsWith('.ts') ? './query-worker.ts' : './query-worker.js', import.meta.url);

/** Starts the threads. `onCorrupt` is called where one finds the file damaged. */
export function startQueryThreads(options: {
  readonly file: string;
  readonly threads: number;
  readonly logger: Logger;
  readonly onCorrupt: () => void;
}): QueryThreads {
  const { file, threads: count, logger, onCorrupt } = options;
  const threads: Thread[] = [];
  const restarts = new Set<NodeJS.Timeout>();
  let waiting: Asked[] = [];
  let isReleased = false;
  let isClosed = false;
  let lastId = 0;
  for (let index = 0; index < count; index++) threads.push(start());

  function start(): Thread {
    const worker = new Worker(workerUrl, { name: 'read-model queries', workerData: { file } });
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const thread: Thread = { worker, exited, asked: new Map(), released: undefined };
    worker.on('message', (answer: QueryAnswer) => receive(thread, answer));
    worker.on('error', (error) => logger.error({ err: error }, 'a query thread failed'));
    void exited.then(() => ended(thread));
    return thread;
  }

  function receive(thread: Thread, answer: QueryAnswer): void {
    if (answer.kind === 'released') {
      thread.released?.();
      thread.released = undefined;
      return;
    }
    const asked = thread.asked.get(answer.id);
    thread.asked.delete(answer.id);
    if (answer.kind === 'answer') asked?.resolve(answer.json);
    else {
      if (answer.isCorrupt) onCorrupt();
      logger.error({ query: asked?.request.name, reason: answer.message, file }, 'a question to the read models could not be answered');
      asked?.reject(new ProjectionsError('query-failed', `${asked.request.name}: ${answer.message}`));
    }
  }

  function ended(thread: Thread): void {
    thread.released?.();
    for (const { reject } of thread.asked.values()) reject(new ProjectionsError('query-failed', 'the query thread ended'));
    const index = threads.indexOf(thread);
    if (index === -1 || isClosed) return;
    threads.splice(index, 1);
    const restart = setTimeout(() => {
      restarts.delete(restart);
      threads.push(start());
      sendWaiting();
    }, restartMs);
    restarts.add(restart);
  }

  function send(asked: Asked): void {
    const idlest = threads.reduce<Thread | undefined>((best, thread) => (best === undefined || thread.asked.size < best.asked.size ? thread : best), undefined);
    if (isReleased || idlest === undefined) {
      waiting.push(asked);
      return;
    }
    idlest.asked.set(asked.request.id, asked);
    idlest.worker.postMessage(asked.request);
  }

  function sendWaiting(): void {
    const all = waiting;
    waiting = [];
    for (const asked of all) send(asked);
  }

  return {
    async ask<Input, Output>({ name }: Query<Input, Output>, input: Input): Promise<Output> {
      if (isClosed) throw new ProjectionsError('projections-closed', 'the read models are closed');
      const json = await new Promise<string>((resolve, reject) => {
        send({ request: { kind: 'query', id: ++lastId, name, input }, resolve, reject });
      });
      return JSON.parse(json) as Output;
    },

    async release() {
      isReleased = true;
      await Promise.all(
        threads.map(
          (thread) =>
            new Promise<void>((resolve) => {
              thread.released = resolve;
              thread.worker.postMessage({ kind: 'release' } satisfies QueryRequest);
            }),
        ),
      );
    },

    resume() {
      isReleased = false;
      sendWaiting();
    },

    async close() {
      isClosed = true;
      for (const restart of restarts) clearTimeout(restart);
      for (const { reject } of waiting) reject(new ProjectionsError('projections-closed', 'the read models are closed'));
      waiting = [];
      for (const { worker } of threads) worker.postMessage({ kind: 'close' } satisfies QueryRequest);
      await Promise.all(threads.map(({ exited }) => exited));
    },
  };
}
