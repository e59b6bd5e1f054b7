/** Subscriptions that go on over lost connections: the client ends them with an error, or quietly; here they are begun again from what was delivered last. */
import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { setTimeout as wait } from 'node:timers/promises';
import type { Position, RecordedEvent, SubscribeOptions, SubscribeToAllOptions, SubscriptionMessage } from '../port.ts';
import { newestEvent } from './newest-event.ts';
import { formatPosition, parsePosition } from './position.ts';
import { readRequest, type ReadSource } from './read-request.ts';
import { toRecordedEvent } from './recorded-event.ts';
import { responsePages } from './response-pages.ts';
import type { ServerConnection } from './server-connection.ts';
import { toStoreError } from './server-errors.ts';

const firstPauseMs = 100;
const longestPauseMs = 5_000;
/** Where a subscription begins is answered within so many milliseconds, or asked again. */
const silenceMs = 10_000;
/** What only people can mend ends a subscription; all else is tried again. */
const lasting: ReadonlySet<string> = new Set(['access-denied', 'stream-deleted', 'invalid-position']);

/** Follows the log of all streams. */
export function subscribeToAll(connection: ServerConnection, { after, filter, signal }: SubscribeToAllOptions): AsyncGenerator<SubscriptionMessage> {
  let reached: Position | 'start' | 'end' = after;
  if (reached !== 'start' && reached !== 'end') parsePosition(reached);
  return follow({
    connection,
    signal,
    source: () => ({ from: reached === 'start' || reached === 'end' ? reached : parsePosition(reached), filter }),
    advance: (place) => {
      reached = place.position;
    },
    isPinned: () => reached !== 'end',
    pin: async () => {
      reached = (await newestEvent(connection, { from: 'end' }, silenceMs))?.position ?? 'start';
    },
  });
}

/** Follows one stream, which need not exist. */
export function subscribeToStream(connection: ServerConnection, stream: string, { after, signal }: SubscribeOptions<number>): AsyncGenerator<SubscriptionMessage> {
  let reached: number | 'start' | 'end' = after;
  return follow({
    connection,
    signal,
    asked: { stream },
    source: () => ({ stream, from: reached }),
    advance: ({ revision }) => {
      if (revision !== undefined) reached = revision;
    },
    isPinned: () => reached !== 'end',
    pin: async () => {
      reached = (await newestEvent(connection, { stream, from: 'end' }, silenceMs))?.revision ?? 'start';
    },
  });
}

interface Following {
  readonly connection: ServerConnection;
  readonly signal: AbortSignal | undefined;
  readonly asked?: { readonly stream: string };
  /** From where the next call begins, exclusive. */
  source(): ReadSource;
  advance(place: { readonly position: Position; readonly revision?: number }): void;
  /** Whether a call that is begun anew would begin at the same place. */
  isPinned(): boolean;
  pin(): Promise<void>;
}

async function* follow({ connection, signal, asked = { stream: '' }, source, advance, isPinned, pin }: Following): AsyncGenerator<SubscriptionMessage> {
  let isCaughtUp = false;
  let pauseMs = firstPauseMs;
  let newest: Position | undefined;
  const isAborted = (): boolean => signal?.aborted === true;
  while (!isAborted()) {
    try {
      // "From now on" is one place, however often the call has to be begun.
      if (!isPinned()) await pin();
      const call = await connection.beginRead(readRequest(source(), 'follow'));
      for await (const answers of responsePages(call, { silenceMs: undefined, signal })) {
        pauseMs = firstPauseMs;
        for (const message of messagesOf(answers, isCaughtUp, newest)) {
          if (isAborted()) return;
          if (message.kind === 'events') {
            const last = message.events.at(-1);
            if (last !== undefined) {
              newest = last.position;
              yield message;
              advance(last);
            }
          } else if (message.kind === 'caught-up') {
            isCaughtUp = true;
            yield message;
          } else {
            newest = message.position;
            yield message;
            advance(message);
          }
        }
      }
    } catch (error) {
      const failure = toStoreError(error, asked.stream === '' ? {} : asked);
      if (lasting.has(failure.code)) throw failure;
    }
    await wait(pauseMs * (0.5 + Math.random() / 2), undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
  }
}

/** Events that came together stay together; what was said between them keeps its place. */
function* messagesOf(answers: readonly ReadResp[], wasCaughtUp: boolean, before: Position | undefined): Generator<SubscriptionMessage> {
  let isCaughtUp = wasCaughtUp;
  let newest = before;
  let events: RecordedEvent[] = [];
  for (const answer of answers) {
    const sent = answer.getEvent()?.getEvent();
    if (sent !== undefined) {
      const event = toRecordedEvent(sent);
      newest = event.position;
      events.push(event);
      continue;
    }
    const checkpoint = answer.getCheckpoint();
    const isNews = checkpoint !== undefined || (answer.hasCaughtUp() && !isCaughtUp);
    if (!isNews) continue;
    if (events.length > 0) yield { kind: 'events', events };
    events = [];
    if (checkpoint === undefined) {
      isCaughtUp = true;
      yield { kind: 'caught-up', position: newest };
    } else {
      newest = formatPosition({ commit: BigInt(checkpoint.getCommitPosition()), prepare: BigInt(checkpoint.getPreparePosition()) });
      yield { kind: 'checkpoint', position: newest };
    }
  }
  if (events.length > 0) yield { kind: 'events', events };
}
