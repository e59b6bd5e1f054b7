/** Writes domain events: gives them ids and metadata, and turns the store's errors into the application's. */
import { randomUUID } from 'node:crypto';
import { schemaVersions } from '../domain/event-codec.ts';
import type { DomainEvent, Instant } from '../domain/events.ts';
import { EventStoreError, type EventStore, type EventStoreErrorCode, type ExpectedRevision, type NewEvent, type Position } from '../event-store/port.ts';
import type { Clock } from './clock.ts';
import { ApplicationError } from './ports/application-error.ts';
import type { CommandContext } from './ports/command-context.ts';

/** An event ready to append, with its id: keep it for a retry. */
export type PreparedEvent = NewEvent;

export interface EventLog {
  /** Stamps ids and metadata. `recordedAt` never goes back within this process. */
  prepare(events: readonly DomainEvent[], context: CommandContext): PreparedEvent[];
  /**
   * Appends with an expected revision. Throws {@link ApplicationError} `event-store-unavailable` where waiting may help, and
   * {@link EventStoreError} for all else.
   */
  append(
    stream: string,
    events: readonly PreparedEvent[],
    options: { readonly expectedRevision: ExpectedRevision; readonly windowMs?: number },
  ): Promise<{ readonly revision: number; readonly position: Position }>;
}

/** The store's errors that pass by themselves, or once its machine is mended. */
const passing: ReadonlySet<EventStoreErrorCode> = new Set(['event-store-unavailable', 'event-store-corrupt']);
/** Seconds after which a caller may try again when the store is away. */
const retryAfterSeconds = 5;

/** Creates the log over a store. */
export function createEventLog(deps: { readonly store: EventStore; readonly clock: Clock }): EventLog {
  const { store, clock } = deps;
  let lastRecordedAtMs = 0;

  function recordedAt(): Instant {
    lastRecordedAtMs = Math.max(lastRecordedAtMs, clock.now());
    return new Date(lastRecordedAtMs).toISOString();
  }

  return {
    prepare(events, context) {
      const stamp = recordedAt();
      return events.map(({ type, data }) => ({
        id: randomUUID(),
        type,
        data: JSON.stringify(data),
        metadata: JSON.stringify({
          $correlationId: context.correlationId,
          $causationId: context.causationId,
          actor: context.actor,
          schemaVersion: schemaVersions[type],
          recordedAt: stamp,
        }),
      }));
    },

    async append(stream, events, options) {
      try {
        return await store.append(stream, events, options);
      } catch (error) {
        // What no waiting mends must not look as if it did.
        if (error instanceof EventStoreError && !passing.has(error.code)) throw error;
        const isDiskFull = error instanceof EventStoreError && error.isDiskFull;
        const why = isDiskFull ? 'the disk of the event store is full, so nothing can be recorded; free space on it, and it goes on by itself' : 'the event store cannot record this now; try again shortly';
        throw new ApplicationError('event-store-unavailable', why, {
          retryAfterSeconds,
          cause: error,
        });
      }
    },
  };
}
