/** Keeps one projector thread running: a thread that stops is followed by another, from the checkpoint. */
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { EventStore, Position } from '../services/event-store/port.ts';
import type { CollectedChanges } from './changes/change-collector.ts';
import type { ProjectorData, ProjectorNews, ProjectorRequest } from './thread-messages.ts';

export interface ProjectorThread {
  /** Begins anew with an empty file, because what is in it was found damaged. */
  startAnew(): void;
  /** Polls of these environments are told as changes, and those of no other. */
  watchPolls(environmentIds: readonly string[]): void;
  /** Commits what was taken and ends. */
  close(): Promise<void>;
}

export interface ProjectorThreadOptions {
  readonly file: string;
  readonly eventStore: Pick<EventStore, 'readerSource'>;
  readonly pollFoldMs: number;
  readonly isAnew?: boolean;
  /** See {@link ProjectorThread.watchPolls}. */
  readonly watchedPolls?: readonly string[];
  readonly logger: Logger;
  /** `isOutdated`: another version wrote what is in the file. */
  readonly onOpened: (position: Position | undefined, isNew: boolean, isOutdated: boolean) => void;
  /** `events` is how many the file has seen, `collected` what changed since the call before. */
  readonly onApplied: (position: Position | undefined, isCaughtUp: boolean, events: number, collected: CollectedChanges) => void;
  readonly onFailed: (reason: string) => void;
}

/** How long after its end a thread is followed by another, in milliseconds: doubled each time until something is applied. */
const firstRestartMs = 100;
const lastRestartMs = 10_000;
/** How long a thread may take to end. */
const closeWithinMs = 10_000;

const workerUrl = new URL(import.meta.url.endsWith('.ts') ? './projector-worker.ts' : './projector-worker.js', import.meta.url);

/** Starts the thread. */
export function startProjectorThread(options: ProjectorThreadOptions): ProjectorThread {
  const { file, eventStore, pollFoldMs, logger, onOpened, onApplied, onFailed } = options;
  let isAnew = options.isAnew ?? false;
  let isClosed = false;
  let restartMs = firstRestartMs;
  let watchedPolls = options.watchedPolls ?? [];
  let restart: NodeJS.Timeout | undefined;
  let running: { readonly worker: Worker; readonly exited: Promise<void> } | undefined;
  start();

  function start(): void {
    let worker: Worker;
    try {
      const { description, transfer } = eventStore.readerSource();
      const workerData: ProjectorData = { file, reader: description, pollFoldMs, isAnew, watchedPolls };
      worker = new Worker(workerUrl, { name: 'projector', workerData, transferList: [...transfer] });
    } catch (error) {
      stopped(error instanceof Error ? error.message : String(error), error);
      return;
    }
    isAnew = false;
    let failure = 'the thread ended';
    worker.on('message', (news: ProjectorNews) => {
      switch (news.kind) {
        case 'opened':
          if (news.discarded !== undefined) logger.warn({ file, reason: news.discarded }, 'the read models are built anew');
          onOpened(news.position, news.isNew, news.isOutdated);
          return;
        case 'applied':
          restartMs = firstRestartMs;
          onApplied(news.position, news.isCaughtUp, news.events, news.collected);
          return;
        case 'failed':
          failure = news.message;
          isAnew ||= news.isCorrupt;
          logger.error({ err: { message: news.message, stack: news.stack }, file }, 'the read models stopped on an error');
      }
    });
    worker.on('error', (error) => {
      failure = error instanceof Error ? error.message : String(error);
      logger.error({ err: error, file }, 'the projector thread failed');
    });
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    running = { worker, exited };
    void exited.then(() => {
      running = undefined;
      stopped(failure);
    });
  }

  function stopped(reason: string, error?: unknown): void {
    if (isClosed) return;
    logger.warn({ err: error, file, reason, restartMs }, 'the read models are tried again');
    onFailed(reason);
    restart = setTimeout(start, restartMs);
    restartMs = Math.min(restartMs * 2, lastRestartMs);
  }

  return {
    startAnew() {
      isAnew = true;
      running?.worker.postMessage({ kind: 'close' } satisfies ProjectorRequest);
    },

    watchPolls(environmentIds) {
      watchedPolls = environmentIds;
      running?.worker.postMessage({ kind: 'watch-polls', environmentIds } satisfies ProjectorRequest);
    },

    async close() {
      isClosed = true;
      clearTimeout(restart);
      if (running === undefined) return;
      const { worker, exited } = running;
      worker.postMessage({ kind: 'close' } satisfies ProjectorRequest);
      const impatience = setTimeout(() => void worker.terminate(), closeWithinMs);
      await exited;
      clearTimeout(impatience);
    },
  };
}
