/** A stream only this process writes: appends in order with explicit revisions, so that a retry can't double. */
import { EventStoreError, type ExpectedRevision, type Position } from '../event-store/port.ts';
import type { EventLog, PreparedEvent } from './event-log.ts';
import { createInTurn } from './in-turn.ts';

export interface SingleWriterStream {
  /**
   * Appends after everything appended before. Throws ApplicationError event-store-unavailable: then exactly the same events
   * must be given again, before any other, for they may be recorded already.
   */
  append(events: readonly PreparedEvent[], windowMs?: number): Promise<Position>;
}

/** Creates the writer of a stream. The first append learns the stream's revision from the store's answer. */
export function createSingleWriterStream(deps: { readonly log: EventLog; readonly stream: string }): SingleWriterStream {
  const { log, stream } = deps;
  let expectedRevision: ExpectedRevision = 'no-stream';
  let isKnown = false;
  const inTurn = createInTurn();

  async function append(events: readonly PreparedEvent[], windowMs: number): Promise<Position> {
    for (;;) {
      try {
        const { revision, position } = await log.append(stream, events, { expectedRevision, windowMs });
        expectedRevision = revision;
        isKnown = true;
        return position;
      } catch (error) {
        // Nobody else writes here: a revision other than expected is the one an earlier run of this process left.
        const isStale = error instanceof EventStoreError && error.actualRevision !== undefined && error.actualRevision !== expectedRevision;
        if (!isStale || isKnown) throw error;
        expectedRevision = error.actualRevision;
      }
    }
  }

  return {
    append: (events, windowMs = 0) => inTurn(() => append(events, windowMs)),
  };
}
