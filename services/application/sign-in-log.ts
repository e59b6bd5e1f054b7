/** The `signins` stream: who came and went, by what, and who was refused. */
import { decodeEvent } from '../domain/event-codec.ts';
import type { EventOf, SignInEvents } from '../domain/events.ts';
import { EventStoreError, type EventReader } from '../event-store/port.ts';
import type { Clock } from './clock.ts';
import type { EventLog } from './event-log.ts';
import { createInTurn } from './in-turn.ts';
import type { CommandContext } from './ports/command-context.ts';

export type SignInEvent = EventOf<SignInEvents>;

export interface SignInLog {
  /** Reads what is young enough to matter; listeners must be there before. */
  start(): Promise<void>;
  /** Throws ApplicationError event-store-unavailable. */
  append(event: SignInEvent, context: CommandContext): Promise<void>;
  /** Called with each event, read or appended: in any order, and perhaps twice. */
  onEvent(listener: (event: SignInEvent) => void): void;
}

const stream = 'signins';

/** Creates the log. What happened longer ago than `keptMs` is not read. */
export function createSignInLog(deps: { readonly reader: EventReader; readonly log: EventLog; readonly clock: Clock; readonly keptMs: number }): SignInLog {
  const { reader, log, clock, keptMs } = deps;
  const listeners: ((event: SignInEvent) => void)[] = [];
  let revision = -1;
  const inTurn = createInTurn();

  function tell(event: SignInEvent): void {
    for (const listener of listeners) listener(event);
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
          const event = decodeEvent(recorded);
          if (event !== undefined) tell(event as SignInEvent);
        }
      }
    } catch (error) {
      if (!(error instanceof EventStoreError) || error.code !== 'stream-not-found') throw error;
    }
  }

  async function appendNow(event: SignInEvent, context: CommandContext): Promise<void> {
    const prepared = log.prepare([event], context);
    for (;;) {
      try {
        ({ revision } = await log.append(stream, prepared, { expectedRevision: revision < 0 ? 'no-stream' : revision }));
        tell(event);
        return;
      } catch (error) {
        if (!(error instanceof EventStoreError)) throw error;
        await read();
      }
    }
  }

  return {
    start: read,
    append: (event, context) => inTurn(() => appendNow(event, context)),
    onEvent(listener) {
      listeners.push(listener);
    },
  };
}
