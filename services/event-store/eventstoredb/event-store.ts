/** The port over an EventStoreDB server. */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { checkAppend } from '../append-limits.ts';
import { EventStoreError, type AppendResult, type EventReader, type EventStore, type ExpectedRevision, type NewEvent } from '../port.ts';
import { encodeStreamMetadata, metadataEventType, metadataStreamOf } from '../stream-metadata.ts';
import { createAppendCall } from './append-call.ts';
import { deleteRequest, tombstoneRequest } from './delete-request.ts';
import { createAvailability } from './availability.ts';
import { createEventReader } from './event-reader.ts';
import { newestEvent } from './newest-event.ts';
import { ServerConnection } from './server-connection.ts';
import { hasLeaderMoved, toStoreError } from './server-errors.ts';

/** Where the server is, and how patient an append is. */
export interface EventStoreDbOptions {
  /** `esdb://…` or `esdb+discover://…`; its password is never in an error. */
  readonly connectionString: string;
  /** How long one try to append waits for its answer, in milliseconds; 3,000 by default: the server itself gives up after 2,000. */
  readonly appendTimeoutMs?: number;
  /** How long an append whose outcome is in doubt is tried again, by the same ids, in milliseconds; 10,000 by default. */
  readonly doubtMs?: number;
}

/** A store that can't be reached is tried so many times before an append that was never sent is given up. */
const unsentTries = 3;
const pauseMs = 50;
/** A server that is looked for must answer within so many milliseconds. */
const probeSilenceMs = 2_000;

/**
 * Opens the port over a server, and asks it for its newest event, so that a wrong address or account shows at once.
 * Throws {@link EventStoreError} `event-store-unavailable` or `access-denied`.
 */
export async function openEventStoreDb(options: EventStoreDbOptions): Promise<EventStore> {
  const connection = ServerConnection.to(options.connectionString);
  const store = toEventStore(connection, options);
  try {
    await store.headPosition();
  } catch (error) {
    await store.close();
    throw error;
  }
  return store;
}

/** Opens the reading half in another thread. Throws as a wrong connection string does. */
export function openEventStoreDbReader(connectionString: string): EventReader {
  const connection = ServerConnection.to(connectionString);
  const availability = createAvailability(() => newestEvent(connection, { from: 'end' }, probeSilenceMs));
  return createEventReader({
    connection,
    availability,
    close: async () => {
      availability.close();
      await connection.dispose();
    },
  });
}

function toEventStore(connection: ServerConnection, { connectionString, appendTimeoutMs = 3_000, doubtMs = 10_000 }: EventStoreDbOptions): EventStore {
  const appends = createAppendCall(connection);
  const availability = createAvailability(() => newestEvent(connection, { from: 'end' }, probeSilenceMs));
  const reader = createEventReader({
    connection,
    availability,
    close: async () => {
      availability.close();
      appends.close();
      await connection.dispose();
    },
  });

  /**
   * Tries until the truth is known: what may have been recorded is sent again with the same ids, which records nothing twice where a
   * revision is named. `isRepeatable` says that twice would do no harm.
   */
  async function append(stream: string, events: readonly NewEvent[], expectedRevision: ExpectedRevision, isRepeatable = false): Promise<AppendResult> {
    availability.check();
    const givenUpAtMs = Date.now() + doubtMs;
    let isInDoubt = false;
    for (let tried = 1; ; tried += 1) {
      try {
        const { revision, position } = await appends.append(stream, events, expectedRevision, appendTimeoutMs);
        return { revision, position: position ?? (await positionAt(stream, revision)) };
      } catch (error) {
        const failure = toStoreError(error, { stream });
        if (failure.code !== 'event-store-unavailable') throw failure;
        isInDoubt ||= failure.isInDoubt;
        // A first try may only have met a connection that had ended meanwhile, before it was sent, or a leader that was one.
        const isAway = failure.isInDoubt && !hasLeaderMoved(failure.cause);
        if (tried > 1 || isAway) availability.lost(failure);
        // Without a revision only a bounded memory of the server's would know the ids again.
        const isSafe = !isInDoubt || isRepeatable || (expectedRevision !== 'any' && expectedRevision !== 'stream-exists');
        const isOver = isInDoubt ? Date.now() >= givenUpAtMs : tried >= unsentTries;
        if (!isSafe || isOver) throw new EventStoreError(failure.code, failure.message, { stream, expectedRevision, cause: failure.cause, isInDoubt });
      }
      await wait(pauseMs);
      await availability.whenBack(Math.max(0, givenUpAtMs - Date.now()));
    }
  }

  /** A server that knew the ids again may leave the position out. */
  async function positionAt(stream: string, revision: number): Promise<AppendResult['position']> {
    for await (const [event] of reader.readStream(stream, { from: revision, limit: 1 })) {
      if (event !== undefined) return event.position;
    }
    throw new EventStoreError('event-store-unavailable', `The event store does not show what it recorded in ${stream}.`, { stream, isInDoubt: true });
  }

  async function withStoreErrors(what: Promise<unknown>, stream: string, expectedRevision: ExpectedRevision): Promise<void> {
    try {
      await what;
    } catch (error) {
      throw toStoreError(error, { stream, expectedRevision });
    }
  }

  return {
    ...reader,
    append: async (stream, events, { expectedRevision }) => {
      checkAppend(stream, events);
      return append(stream, events, expectedRevision);
    },
    setStreamMetadata: async (stream, metadata, { expectedRevision = 'any' } = {}) => {
      const name = metadataStreamOf(stream);
      const events = [{ id: randomUUID(), type: metadataEventType, data: encodeStreamMetadata(metadata), metadata: '{}' }];
      checkAppend(name, events);
      return append(name, events, expectedRevision, expectedRevision === 'any');
    },
    deleteStream: (stream, { expectedRevision }) => withStoreErrors(connection.delete(deleteRequest(stream, expectedRevision), appendTimeoutMs), stream, expectedRevision),
    tombstoneStream: (stream, { expectedRevision }) => withStoreErrors(connection.tombstone(tombstoneRequest(stream, expectedRevision), appendTimeoutMs), stream, expectedRevision),
    unavailability() {
      const reason = availability.reason();
      return reason === undefined ? undefined : { code: 'away', reason };
    },
    readerSource: () => ({ description: { kind: 'eventstoredb', connectionString }, transfer: [] }),
  };
}
