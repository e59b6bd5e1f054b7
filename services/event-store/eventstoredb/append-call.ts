/**
 * The one call that all appends of a process go through, each told from the others by its id. The client's own verb keeps the appends of all its
 * connections in one table, waits for ever for an answer that never comes, and dies of an answer that it does not expect; this one does not.
 */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import empties from 'google-protobuf/google/protobuf/empty_pb.js';
import timestamps from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { randomUUID } from 'node:crypto';
import { EventStoreError, type AppendResult, type ExpectedRevision, type NewEvent } from '../port.ts';
import { batchError } from './batch-error.ts';
import { formatPosition } from './position.ts';
import { streamIdentifier } from './read-request.ts';
import type { BatchAppendCall, ServerConnection } from './server-connection.ts';
import { toStoreError } from './server-errors.ts';

const { UUID } = shared;
const { Empty } = empties;
const { BatchAppendReq } = streams;

/**
 * The server takes a deadline by the clock, caps it by its own limit for writes (2 s), and counts what is past as expired: so it is told one so far
 * ahead that no difference of the clocks matters.
 */
const deadlineAheadMs = 24 * 60 * 60_000;

/** What an append answers here: where the server leaves the position out, it is to be read. */
export interface AppendAnswer {
  readonly revision: number;
  readonly position: AppendResult['position'] | undefined;
}

/** The call, opened when it is first needed. */
export interface AppendCall {
  /**
   * Sends one append. Rejects with an {@link EventStoreError}; `event-store-unavailable` says in `isInDoubt` whether the append may have
   * been recorded all the same.
   */
  append(stream: string, events: readonly NewEvent[], expectedRevision: ExpectedRevision, timeoutMs: number): Promise<AppendAnswer>;
  /** Ends the call; what is in flight is in doubt. */
  close(): void;
}

interface InFlight {
  readonly stream: string;
  readonly expectedRevision: ExpectedRevision;
  readonly settle: (outcome: AppendAnswer | EventStoreError) => void;
}

/** Opens the call when it is first needed, and anew after it failed. */
export function createAppendCall(connection: ServerConnection): AppendCall {
  const inFlight = new Map<string, InFlight>();
  let current: Promise<BatchAppendCall> | undefined;
  let isClosed = false;

  function open(): Promise<BatchAppendCall> {
    if (current !== undefined) return current;
    const opening = connection.beginBatchAppend().then((call) => {
      call.on('data', answered);
      const ended = (error?: Error) => fail(opening, error ?? new Error('the server ended the call'));
      call.once('error', ended).once('end', () => ended());
      return call;
    });
    current = opening;
    opening.catch(() => {
      if (current === opening) current = undefined;
    });
    return opening;
  }

  function fail(failed: Promise<BatchAppendCall>, error: Error): void {
    if (current !== failed) return;
    current = undefined;
    const refusal = toStoreError(error);
    for (const [id, { stream, settle }] of [...inFlight]) {
      inFlight.delete(id);
      settle(refusal.code === 'event-store-unavailable' ? unavailable(stream, error, true) : toStoreError(error, { stream }));
    }
  }

  function answered(answer: streams.BatchAppendResp): void {
    const id = answer.getCorrelationId()?.getString() ?? '';
    const waiting = inFlight.get(id);
    // An answer that comes after its time was up.
    if (waiting === undefined) return;
    inFlight.delete(id);
    const success = answer.getSuccess();
    if (success === undefined) waiting.settle(batchError(answer.getError(), waiting));
    else waiting.settle({ revision: success.hasCurrentRevision() ? Number(success.getCurrentRevision()) : -1, position: positionOf(success) });
  }

  return {
    async append(stream, events, expectedRevision, timeoutMs) {
      if (isClosed) throw unavailable(stream, new Error('it is closed'), false);
      let call: BatchAppendCall;
      try {
        call = await open();
      } catch (error) {
        throw unavailable(stream, error, false);
      }
      const outcome = await new Promise<AppendAnswer | EventStoreError>((resolve) => {
        const id = randomUUID();
        const timer = setTimeout(() => {
          inFlight.delete(id);
          resolve(unavailable(stream, new Error(`no answer within ${timeoutMs} ms`), true));
        }, timeoutMs);
        inFlight.set(id, {
          stream,
          expectedRevision,
          settle: (settled) => {
            clearTimeout(timer);
            resolve(settled);
          },
        });
        call.write(request(id, stream, events, expectedRevision));
      });
      if (outcome instanceof EventStoreError) throw outcome;
      return outcome;
    },
    close() {
      isClosed = true;
      const closing = current;
      if (closing === undefined) return;
      fail(closing, new Error('it is closed'));
      closing.then((call) => call.cancel()).catch(() => undefined);
    },
  };
}

function request(id: string, stream: string, events: readonly NewEvent[], expectedRevision: ExpectedRevision): streams.BatchAppendReq {
  const options = new BatchAppendReq.Options().setStreamIdentifier(streamIdentifier(stream)).setDeadline(timestamps.Timestamp.fromDate(new Date(Date.now() + deadlineAheadMs)));
  if (expectedRevision === 'any') options.setAny(new Empty());
  else if (expectedRevision === 'no-stream') options.setNoStream(new Empty());
  else if (expectedRevision === 'stream-exists') options.setStreamExists(new Empty());
  else options.setStreamPosition(String(expectedRevision));
  return new BatchAppendReq().setCorrelationId(new UUID().setString(id)).setOptions(options).setProposedMessagesList(events.map(proposed)).setIsFinal(true);
}

function proposed({ id, type, data, metadata }: NewEvent): streams.BatchAppendReq.ProposedMessage {
  const message = new BatchAppendReq.ProposedMessage().setId(new UUID().setString(id)).setData(Buffer.from(data)).setCustomMetadata(Buffer.from(metadata));
  message.getMetadataMap().set('type', type).set('content-type', 'application/json');
  return message;
}

function positionOf(success: streams.BatchAppendResp.Success): AppendAnswer['position'] {
  const position = success.getPosition();
  return position === undefined ? undefined : formatPosition({ commit: BigInt(position.getCommitPosition()), prepare: BigInt(position.getPreparePosition()) });
}

function unavailable(stream: string, cause: unknown, isInDoubt: boolean): EventStoreError {
  const { message } = toStoreError(cause);
  return new EventStoreError('event-store-unavailable', message, { stream, cause, isInDoubt });
}
