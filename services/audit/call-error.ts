/** What goes wrong in a call, in the words and trailers by which clients of EventStoreDB tell one error from another. */
import { Metadata, status } from '@grpc/grpc-js';
import { EventStoreError, type ExpectedRevision } from '../event-store/port.ts';
import { maxAppendBytes } from './limits.ts';

/** How a call ends that failed. */
export interface CallStatus {
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;
}

/** Thrown where a request can't be served; becomes the call's status. */
export class CallError extends Error implements CallStatus {
  override readonly name = 'CallError';
  readonly code: status;
  readonly details: string;
  readonly metadata: Metadata;

  /** @param trailers names of EventStoreDB's protocol, such as `exception` */
  constructor(code: status, details: string, trailers: Readonly<Record<string, string>> = {}) {
    super(details);
    this.code = code;
    this.details = short(details);
    this.metadata = new Metadata();
    for (const [name, value] of Object.entries(trailers)) this.metadata.set(name, value);
  }

  /** Whether something failed here that nobody is told of: no refusal. */
  get isFailure(): boolean {
    return this.code === status.UNKNOWN;
  }
}

/** The request itself is wrong. */
export function invalidRequest(words: string): CallError {
  return new CallError(status.INVALID_ARGUMENT, words);
}

/** Nobody that is known. */
export function unauthenticated(words: string): CallError {
  return new CallError(status.UNAUTHENTICATED, words, { exception: 'access-denied' });
}

/** Known, but without the right. */
export function accessDenied(words: string): CallError {
  return new CallError(status.PERMISSION_DENIED, words, { exception: 'access-denied' });
}

/** No room for more just now. */
export function tooBusy(): CallError {
  return new CallError(status.UNAVAILABLE, 'Server Is Too Busy');
}

/** A reader that takes nothing for too long is dropped, as EventStoreDB drops it. */
export function consumerTooSlow(): CallError {
  return new CallError(status.ABORTED, 'Operation timed out: Consumer too slow to handle event while live. Client resubscription required.');
}

/** EventStoreDB's numbers for what a writer expects. */
function expectedVersion(expected: ExpectedRevision | undefined): string {
  if (expected === 'no-stream') return '-1';
  if (expected === 'stream-exists') return '-4';
  return typeof expected === 'number' ? String(expected) : '-2';
}

/** Any error as the status that a client understands; what is no refusal is UNKNOWN, without its words. */
export function callErrorOf(error: unknown): CallError {
  if (error instanceof CallError) return error;
  if (!(error instanceof EventStoreError)) return new CallError(status.UNKNOWN, 'The server failed.');
  const { stream = '' } = error;
  const named = { 'stream-name': asTrailer(stream) };
  switch (error.code) {
    case 'stream-not-found':
      return new CallError(status.NOT_FOUND, `Event stream '${stream}' is not found.`, { exception: 'stream-not-found', ...named });
    case 'stream-deleted':
      return new CallError(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, { exception: 'stream-deleted', ...named });
    case 'wrong-expected-revision': {
      const actual = error.actualRevision === undefined ? '-1' : String(error.actualRevision);
      return new CallError(status.FAILED_PRECONDITION, error.message, {
        exception: 'wrong-expected-version',
        ...named,
        'expected-version': expectedVersion(error.expectedRevision),
        'actual-version': actual,
      });
    }
    case 'append-too-large':
      return new CallError(status.INVALID_ARGUMENT, error.message, { exception: 'maximum-append-size-exceeded', 'maximum-append-size': String(maxAppendBytes) });
    case 'access-denied':
      return accessDenied(error.message);
    case 'invalid-position':
      return invalidRequest(error.message);
    case 'event-store-unavailable':
      return new CallError(status.UNAVAILABLE, 'Server Is Not Ready');
    case 'event-store-corrupt':
      return new CallError(status.DATA_LOSS, 'The event store is damaged.');
  }
}

/** Trailers take printable ASCII alone. */
function asTrailer(text: string): string {
  return short(/^[\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text));
}

/** Names come from clients, and a status is sent in a header. */
function short(text: string): string {
  return text.length > 1000 ? `${text.slice(0, 1000).toWellFormed()}…` : text.toWellFormed();
}
