/** Follows the log and keeps the stream up to it: over lost connections, restarts, and another tap beside it. */
import type { NatsConnection } from 'nats';
import { setTimeout as wait } from 'node:timers/promises';
import type { EventReader, Position, RecordedEvent } from '../event-store/port.ts';
import { createBacklog, type Backlog, type Missing } from './backlog.ts';
import { toTapMessage } from './cloud-event.ts';
import { ensureEventStream, placeOf, type StreamPlace } from './event-stream.ts';
import { createPublisher, OutOfStep, type Publisher } from './publisher.ts';
import { TapError } from './tap-error.ts';

/** What a tap has to say of itself. */
export type TapNews =
  /** To NATS, and the stream is there. */
  | { readonly kind: 'connected'; readonly server: string }
  | { readonly kind: 'stored'; readonly messages: number; readonly checkpoint: TapCheckpoint }
  /** Everything up to the head of the log is in the stream, or not meant for it; `position` is the newest event seen. */
  | { readonly kind: 'caught-up'; readonly position: Position | undefined }
  | ({ readonly kind: 'behind' } & Missing)
  /** Another tap fills the stream at this moment. */
  | { readonly kind: 'standby' }
  | { readonly kind: 'away'; readonly reason: string };

/** The stream's message with that sequence is the event at that position. */
export interface TapCheckpoint {
  readonly sequence: number;
  readonly position: Position;
}

export interface TapDeps {
  readonly reader: EventReader;
  /** Connects, without connecting again by itself. */
  readonly connect: () => Promise<NatsConnection>;
  /** The `source` of the CloudEvents. */
  readonly source: string;
  readonly includesPolls: boolean;
  /** Where the stream stood when it was last seen, for a stream whose messages have all expired since. */
  readonly checkpoint: TapCheckpoint | undefined;
  readonly signal: AbortSignal;
  readonly tell: (news: TapNews) => void;
}

const firstPauseMs = 250;
const longestPauseMs = 10_000;
/** Another tap counts as gone once the stream has not grown for so long. */
const standbyMs = 3_000;
/** Room for headers below the server's limit for a message. */
const headerBytes = 4096;

/** Runs until `signal` aborts. Never throws: what goes wrong is told, and tried again. */
export async function runTap(deps: TapDeps): Promise<void> {
  const { connect, reader, includesPolls, signal } = deps;
  let { checkpoint } = deps;
  const isWanted = ({ stream, type }: RecordedEvent): boolean => !stream.startsWith('$') && !type.startsWith('$') && (includesPolls || !stream.startsWith('polls-'));
  const backlog = createBacklog({ reader, isWanted, tell: (missing) => deps.tell({ kind: 'behind', ...missing }) });
  const tell = (news: TapNews): void => {
    if (news.kind === 'stored') ({ checkpoint } = news);
    deps.tell(news);
  };
  let pauseMs = firstPauseMs;
  const isAborted = (): boolean => signal.aborted;
  while (!isAborted()) {
    let nats: NatsConnection | undefined;
    try {
      nats = await connect();
      await fill({ ...deps, checkpoint, tell, isWanted, backlog }, nats, () => {
        pauseMs = firstPauseMs;
      });
    } catch (error) {
      if (!isAborted()) {
        tell({ kind: 'away', reason: reasonOf(error) });
        backlog.countFrom(checkpoint?.position ?? 'start');
      }
    } finally {
      await nats?.close().catch(() => undefined);
    }
    await sleep(pauseMs * (0.5 + Math.random() / 2), signal);
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
  }
  backlog.stop();
}

interface Filling extends TapDeps {
  readonly isWanted: (event: RecordedEvent) => boolean;
  readonly backlog: Backlog;
}

/** Fills the stream from where it stands until the connection ends. */
async function fill(deps: Filling, nats: NatsConnection, onStored: () => void): Promise<void> {
  const { signal, tell, backlog } = deps;
  const manager = await nats.jetstreamManager();
  await ensureEventStream(manager);
  let place = await placeOf(manager);
  tell({ kind: 'connected', server: nats.getServer() });
  const isAborted = (): boolean => signal.aborted;
  while (!isAborted()) {
    try {
      await followFrom(deps, nats, place, onStored);
      return;
    } catch (error) {
      if (!(error instanceof OutOfStep)) throw error;
    }
    // Whoever was quicker goes on; this one takes over where it doesn't.
    backlog.stop();
    tell({ kind: 'standby' });
    place = await placeOf(manager);
    for (let before = -1; before !== place.lastSequence && !isAborted(); ) {
      before = place.lastSequence;
      await sleep(standbyMs * (0.75 + Math.random() / 2), signal);
      place = await placeOf(manager);
    }
  }
}

async function followFrom({ reader, source, isWanted, backlog, checkpoint, signal, tell }: Filling, nats: NatsConnection, place: StreamPlace, onStored: () => void): Promise<void> {
  const mostBytes = (nats.info?.max_payload ?? 1024 * 1024) - headerBytes;
  const lost = new AbortController();
  void nats.closed().then((error) => lost.abort(error ?? new Error('the connection to NATS ended')));
  const publisher: Publisher = createPublisher(nats, place.lastSequence, (messages, newest) => {
    onStored();
    backlog.stored(messages, newest.position);
    tell({ kind: 'stored', messages, checkpoint: newest });
  });
  const { after, skipped } = startOf(place, checkpoint);
  backlog.countFrom(after, skipped);
  let skip = skipped;
  let isCaughtUp = false;
  let seen: Position | undefined = after === 'start' ? undefined : after;
  for await (const message of reader.subscribeToAll({ after, signal: AbortSignal.any([signal, lost.signal]) })) {
    if (message.kind === 'events') {
      const wanted = message.events.filter(isWanted);
      const news = wanted.slice(skip);
      skip -= wanted.length - news.length;
      const [oldest] = news;
      seen = message.events.at(-1)?.position ?? seen;
      if (oldest === undefined) {
        if (isCaughtUp) tell({ kind: 'caught-up', position: seen });
        continue;
      }
      if (isCaughtUp) tell({ kind: 'behind', events: news.length, sinceMs: oldest.createdAtMs });
      else backlog.publishing(oldest.createdAtMs);
      await publisher.publish(news.map((event) => toTapMessage(event, source, mostBytes)));
    } else if (message.kind === 'caught-up') {
      isCaughtUp = true;
    }
    if (!isCaughtUp) continue;
    await publisher.settle();
    backlog.stop();
    tell({ kind: 'caught-up', position: seen });
  }
  if (lost.signal.aborted) throw lost.signal.reason;
}

/** Where to read on: after the stream's last message, or where that is gone, after what was last seen of it and so many events more. */
function startOf({ lastSequence, position }: StreamPlace, checkpoint: TapCheckpoint | undefined): { readonly after: Position | 'start'; readonly skipped: number } {
  if (lastSequence === 0) return { after: 'start', skipped: 0 };
  if (position !== undefined) return { after: position, skipped: 0 };
  if (checkpoint === undefined || checkpoint.sequence > lastSequence) {
    throw new TapError('nats-stream-place-unknown', 'the stream\'s last message is gone, so it is not known where to go on; delete the stream, and it is filled from the beginning');
  }
  return { after: checkpoint.position, skipped: lastSequence - checkpoint.sequence };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined);
}
