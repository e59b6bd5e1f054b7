/** Records refused agents and credentials, so many per peer and no more. */
import type { Logger } from 'pino';
import type { DomainEvent, RefusalEvents } from '../domain/events.ts';
import type { EventOf } from '../domain/events.ts';
import { type Clock, instantOf } from './clock.ts';
import type { EventLog } from './event-log.ts';
import type { CommandContext } from './ports/command-context.ts';
import type { SingleWriterStream } from './single-writer-stream.ts';

export interface Refusals {
  /** Never throws and is not waited for: a refusal that can't be recorded is logged. `peer` bounds how many are. */
  record(refusal: EventOf<Omit<RefusalEvents, 'RefusalsSuppressed'>>, peer: string, context: CommandContext): void;
  close(): Promise<void>;
}

const windowMs = 60_000;
/** Recorded for one peer and for all, within a window. */
const perPeer = 5;
const overall = 1000;

/** Creates the record of refusals of one control-plane node. */
export function createRefusals(deps: {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stream: SingleWriterStream;
  readonly actor: string;
}): Refusals {
  const { log, clock, logger, stream, actor } = deps;
  const counts = new Map<string, number>();
  let total = 0;
  let suppressed = 0;
  let last: Promise<unknown> = Promise.resolve();
  const stop = clock.every(windowMs, endWindow);

  function append(event: DomainEvent, context: CommandContext): void {
    last = stream.append(log.prepare([event], context)).catch((error: unknown) => {
      logger.warn({ err: error, type: event.type }, 'a refusal could not be recorded');
    });
  }

  function endWindow(): void {
    counts.clear();
    total = 0;
    if (suppressed === 0) return;
    const data = { at: instantOf(clock), count: suppressed };
    suppressed = 0;
    append({ type: 'RefusalsSuppressed', data }, { actor, correlationId: crypto.randomUUID() });
  }

  return {
    record(refusal, peer, context) {
      const count = counts.get(peer) ?? 0;
      if (count >= perPeer || total >= overall) {
        suppressed++;
        return;
      }
      counts.set(peer, count + 1);
      total++;
      append(refusal, context);
    },

    async close() {
      stop();
      endWindow();
      await last;
    },
  };
}
