/** What the client and the server say went wrong, in the port's words. */
import {
  AccessDeniedError,
  convertToCommandError,
  MaxAppendSizeExceededError,
  NotLeaderError,
  StreamDeletedError,
  StreamNotFoundError,
  WrongExpectedVersionError,
} from '@eventstore/db-client';
import { EventStoreError, type ExpectedRevision } from '../port.ts';

/** What was asked, for the error's fields. */
export interface Asked {
  readonly stream?: string;
  readonly expectedRevision?: ExpectedRevision;
}

/**
 * The port's error. What is none of its refusals is `event-store-unavailable`: the connection, the server's state, a deadline; the
 * cause says which.
 */
export function toStoreError(thrown: unknown, asked: Asked = {}): EventStoreError {
  if (thrown instanceof EventStoreError) return thrown;
  const error = convertToCommandError(thrown instanceof Error ? thrown : new Error(String(thrown)));
  const details = { ...asked, cause: error };
  const stream = asked.stream ?? 'the log';
  if (error instanceof WrongExpectedVersionError) {
    const { actualVersion } = error;
    const actual = typeof actualVersion === 'bigint' && actualVersion >= 0n ? { actualRevision: Number(actualVersion) } : {};
    return new EventStoreError('wrong-expected-revision', `${stream} is not at the revision expected.`, { ...details, ...actual });
  }
  if (error instanceof StreamDeletedError) return new EventStoreError('stream-deleted', `${stream} was deleted for ever.`, details);
  if (error instanceof StreamNotFoundError) return new EventStoreError('stream-not-found', `There is no stream ${stream}.`, details);
  if (error instanceof MaxAppendSizeExceededError) return new EventStoreError('append-too-large', `The server takes at most ${error.maxAppendSize} bytes in one append.`, details);
  if (error instanceof AccessDeniedError) {
    return new EventStoreError('access-denied', `The event store denies this to the account in its connection string (${stream}).`, details);
  }
  return new EventStoreError('event-store-unavailable', `The event store does not answer as it should: ${error.message === '' ? error.name : error.message}`, details);
}

/** Whether a node refused because another leads now; the client begins its next call at that one. */
export function hasLeaderMoved(thrown: unknown): boolean {
  return thrown instanceof Error && convertToCommandError(thrown) instanceof NotLeaderError;
}
