/** The `signins` stream: who came and went, and which sessions have ended. */
import { decodeEvent } from '../domain/event-codec.ts';
import type { EventOf, SignInEvents } from '../domain/events.ts';
import { EventStoreError, type EventReader } from '../event-store/port.ts';
import type { Clock } from './clock.ts';
import type { EventLog } from './event-log.ts';
import type { CommandContext } from './ports.ts';

export interface SignInLog {
  start(): Promise<void>;
  /** Throws ApplicationError event-store-unavailable. */
  append(event: EventOf<SignInEvents>, context: CommandContext): Promise<void>;
  isEnded(sessionId: string): boolean;
}

const stream = 'signins';

/** Creates the log. Sessions that ended longer ago than `keptMs` have expired by themselves. */
export function createSignInLog(deps: { readonly reader: EventReader; readonly log: EventLog; readonly clock: Clock; readonly keptMs: number }): SignInLog {
  const { reader, log, clock, keptMs } = deps;
  /** When each ended; those that have expired by themselves since are dropped. */
  const ended = new Map<string, number>();
  let revision = -1;
  let tail: Promise<unknown> = Promise.resolve();

  function take(event: EventOf<SignInEvents>): void {
    if (event.type !== 'SignedOut' && event.type !== 'SessionRevoked') return;
    for (const [sessionId, atMs] of ended) if (clock.now() - atMs > keptMs) ended.delete(sessionId);
    ended.set(event.data.sessionId, Date.parse(event.data.at));
  }

  async function read(): Promise<void> {
    const oldestMs = clock.now() - keptMs;
    try {
      let isHead = true;
      for await (const page of reader.readStream(stream, { direction: 'backwards' })) {
        for (const recorded of page) {
          if (isHead) revision = recorded.revision;
          isHead = false;
          if (recorded.createdAtMs < oldestMs) return;
          const event = decodeEvent(recorded.type, JSON.parse(recorded.data));
          if (event !== undefined) take(event as EventOf<SignInEvents>);
        }
      }
    } catch (error) {
      if (!(error instanceof EventStoreError) || error.code !== 'stream-not-found') throw error;
    }
  }

  async function appendNow(event: EventOf<SignInEvents>, context: CommandContext): Promise<void> {
    const prepared = log.prepare([event], context);
    for (;;) {
      try {
        ({ revision } = await log.append(stream, prepared, { expectedRevision: revision < 0 ? 'no-stream' : revision }));
        return take(event);
      } catch (error) {
        if (!(error instanceof EventStoreError)) throw error;
        await read();
      }
    }
  }

  return {
    start: read,
    append(event, context) {
      const mine = tail.then(() => appendNow(event, context));
      tail = mine.catch(() => undefined);
      return mine;
    },
    isEnded: (sessionId) => ended.has(sessionId),
  };
}
