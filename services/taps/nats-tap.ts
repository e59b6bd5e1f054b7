/** The tap as the rest of the process sees it: a thread that is kept running, how far it has come, and where it stood. */
import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { EventStore, Position } from '../event-store/port.ts';
import { type NatsSettings, readNatsSettings, serversOf } from './nats-connection.ts';
import type { TapCheckpoint } from './tap.ts';
import type { TapData, TapFarewell, TapThreadNews } from './thread-messages.ts';

/** How the tap does. */
export interface TapState {
  /** It is connected to NATS in `publishing` and `standby` (another tap fills the stream), and in no other. */
  readonly state: 'connecting' | 'publishing' | 'standby' | 'away';
  /** Why it is away. */
  readonly reason: string | undefined;
  /** Messages stored since the start of this process. */
  readonly published: number;
  /**
   * Events that are to be published and are not in the stream yet; 0 where none is missing, at least so many while they are still being
   * counted. Undefined where it is not known: at the start, and in `standby`.
   */
  readonly eventsBehind: number | undefined;
  /** When the oldest of them was recorded, in milliseconds since 1970; undefined where none is missing, or it is not known. */
  readonly behindSinceMs: number | undefined;
}

/** Keeps where the stream stood. It only matters where the stream has lost its last message. */
export interface TapCheckpoints {
  /** Undefined where there is none, or none that can be read. */
  read(): TapCheckpoint | undefined;
  write(checkpoint: TapCheckpoint): void;
}

/** The tap: a thread that publishes, started anew where it ends. */
export interface NatsTap {
  state(): TapState;
  /** Whether polls are published too; a change takes effect at the next event. */
  includePolls(isWanted: boolean): void;
  /** Resolves once everything up to there is in the stream; after `withinMs` at the latest, and at once where this tap does not publish. */
  flush(through: Position, withinMs: number): Promise<void>;
  close(): Promise<void>;
}

const firstRestartMs = 250;
const lastRestartMs = 10_000;
const closeWithinMs = 5_000;
const saveMs = 1_000;

const workerUrl = new URL(import.meta.url.endsWith('.ts') ? './tap-worker.ts' : './tap-worker.js', import.meta.url);

/** Starts the tap. Throws {@link import('./tap-error.ts').TapError} where the settings are wrong; that NATS is away is no error. */
export function startNatsTap(options: {
  readonly eventStore: Pick<EventStore, 'readerSource' | 'comparePositions'>;
  readonly nats: NatsSettings;
  /** The `source` of the CloudEvents. */
  readonly source: string;
  readonly includesPolls: boolean;
  /** Where the stream stood, over restarts. */
  readonly checkpoints: TapCheckpoints;
  readonly logger: Logger;
}): NatsTap {
  const { eventStore, nats, source, checkpoints, logger } = options;
  readNatsSettings(nats);
  const servers = serversOf(nats);
  let { includesPolls } = options;
  let state: TapState = { state: 'connecting', reason: undefined, published: 0, eventsBehind: undefined, behindSinceMs: undefined };
  let checkpoint = checkpoints.read();
  let saved = checkpoint;
  let caughtUpThrough: Position | undefined;
  /** Looks again each time that the thread has said something. */
  const waiting = new Set<() => void>();
  let isClosed = false;
  let restartMs = firstRestartMs;
  let restart: NodeJS.Timeout | undefined;
  let running: { readonly worker: Worker; readonly exited: Promise<void> } | undefined;
  const saving = setInterval(save, saveMs);
  saving.unref();
  start();

  function start(): void {
    const { description, transfer } = eventStore.readerSource();
    const workerData: TapData = { reader: description, nats, source, includesPolls, checkpoint };
    const worker = new Worker(workerUrl, { name: 'nats tap', workerData, transferList: [...transfer] });
    worker.on('message', (news: TapThreadNews) => {
      hear(news);
      for (const look of [...waiting]) look();
    });
    worker.on('error', (error) => logger.error({ err: error }, 'the tap\'s thread failed'));
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    running = { worker, exited };
    void exited.then(() => {
      running = undefined;
      if (isClosed) return;
      restart = setTimeout(start, restartMs);
      restartMs = Math.min(restartMs * 2, lastRestartMs);
    });
  }

  function hear(news: TapThreadNews): void {
    switch (news.kind) {
      case 'connected':
        logger.info({ server: news.server, servers }, 'the tap is connected to NATS');
        state = { ...state, state: 'publishing', reason: undefined };
        return;
      case 'stored':
        restartMs = firstRestartMs;
        ({ checkpoint } = news);
        state = { ...state, state: 'publishing', reason: undefined, published: state.published + news.messages };
        return;
      case 'behind':
        state = { ...state, eventsBehind: news.events, behindSinceMs: news.sinceMs };
        return;
      case 'caught-up':
        caughtUpThrough = news.position;
        state = { ...state, eventsBehind: 0, behindSinceMs: undefined };
        return;
      case 'standby':
        if (state.state !== 'standby') logger.info('another tap fills the stream; this one stands by');
        state = { ...state, state: 'standby', eventsBehind: undefined, behindSinceMs: undefined };
        return;
      case 'away':
        // Once for each outage, not for each try.
        if (state.reason !== news.reason) logger.warn({ reason: news.reason, servers }, 'NATS is away; events are published once it is back');
        state = { ...state, state: 'away', reason: news.reason };
        return;
      case 'failed':
        logger.error({ err: { message: news.message, stack: news.stack } }, 'the tap stopped on an error');
        state = { ...state, state: 'away', reason: news.message };
    }
  }

  function save(): void {
    if (checkpoint === undefined || checkpoint === saved) return;
    try {
      checkpoints.write(checkpoint);
      saved = checkpoint;
    } catch (error) {
      logger.warn({ err: error }, 'where the tap stands could not be saved');
    }
  }

  return {
    state: () => state,
    includePolls(isWanted) {
      if (isWanted === includesPolls) return;
      includesPolls = isWanted;
      // The next thread starts with it.
      restartMs = firstRestartMs;
      running?.worker.postMessage({ kind: 'close' } satisfies TapFarewell);
    },
    async flush(through, withinMs) {
      const isThere = (): boolean => caughtUpThrough !== undefined && eventStore.comparePositions(caughtUpThrough, through) >= 0;
      const { promise, resolve } = Promise.withResolvers<undefined>();
      const look = (): void => {
        if (isThere() || state.state !== 'publishing') resolve(undefined);
      };
      const impatience = setTimeout(() => resolve(undefined), withinMs);
      waiting.add(look);
      look();
      await promise;
      waiting.delete(look);
      clearTimeout(impatience);
    },
    async close() {
      isClosed = true;
      clearTimeout(restart);
      clearInterval(saving);
      if (running !== undefined) {
        const { worker, exited } = running;
        worker.postMessage({ kind: 'close' } satisfies TapFarewell);
        const impatience = setTimeout(() => void worker.terminate(), closeWithinMs);
        await exited;
        clearTimeout(impatience);
      }
      save();
    },
  };
}
