/** The answers of a batched append. Each names its stream, because clients fail without it. */
import codes from '@eventstore/db-client/generated/code_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import statuses from '@eventstore/db-client/generated/status_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { Message } from 'google-protobuf';
import anys from 'google-protobuf/google/protobuf/any_pb.js';
import empties from 'google-protobuf/google/protobuf/empty_pb.js';
import { EventStoreError, type AppendResult, type ExpectedRevision } from '../event-store/port.ts';
import { callErrorOf, CallError } from './call-error.ts';
import { maxAppendBytes } from './limits.ts';
import { toWirePosition } from './position.ts';
import { toStreamIdentifier } from './stream-name.ts';

const { BatchAppendResp } = streams;
const { Empty } = empties;
const { Code } = codes;

/** What one append was. */
export interface Answered {
  readonly correlationId: shared.UUID | undefined;
  readonly stream: string;
  readonly expectedRevision: ExpectedRevision;
}

/** It was recorded. */
export function successAnswer(answered: Answered, { revision, position }: AppendResult): streams.BatchAppendResp {
  const { commit, prepare } = toWirePosition(position);
  const place = new shared.AllStreamPosition().setCommitPosition(commit).setPreparePosition(prepare);
  return answer(answered).setSuccess(new BatchAppendResp.Success().setCurrentRevision(String(revision)).setPosition(place));
}

/** It was not, or, with `event-store-unavailable`, maybe not. */
export function errorAnswer(answered: Answered, error: unknown): streams.BatchAppendResp {
  const { code, detail, name } = detailOf(answered, error);
  const any = new anys.Any();
  any.pack(detail.serializeBinary(), `event_store.client.${name}`);
  return answer(answered).setError(new statuses.Status().setCode(code).setMessage(callErrorOf(error).details).setDetails(any));
}

/** Its time was up: it may yet be recorded. */
export function timeoutAnswer(answered: Answered): streams.BatchAppendResp {
  return errorAnswer(answered, new EventStoreError('event-store-unavailable', 'The append took too long.', { stream: answered.stream, isInDoubt: true }));
}

function answer({ correlationId, stream }: Answered): streams.BatchAppendResp {
  return new BatchAppendResp().setCorrelationId(correlationId).setStreamIdentifier(toStreamIdentifier(stream));
}

interface Detail {
  readonly code: codes.Code;
  readonly name: string;
  readonly detail: Message;
}

function detailOf(answered: Answered, error: unknown): Detail {
  const code = error instanceof EventStoreError ? error.code : error instanceof CallError && error.metadata.get('exception')[0] === 'access-denied' ? 'access-denied' : undefined;
  switch (code) {
    case 'wrong-expected-revision':
      return { code: Code.ALREADY_EXISTS, name: 'WrongExpectedVersion', detail: wrongVersion(answered, error instanceof EventStoreError ? error.actualRevision : undefined) };
    case 'stream-deleted':
      return { code: Code.NOT_FOUND, name: 'StreamDeleted', detail: new shared.StreamDeleted().setStreamIdentifier(toStreamIdentifier(answered.stream)) };
    case 'access-denied':
      return { code: Code.PERMISSION_DENIED, name: 'AccessDenied', detail: new shared.AccessDenied() };
    case 'append-too-large':
      return { code: Code.INVALID_ARGUMENT, name: 'MaximumAppendSizeExceeded', detail: new shared.MaximumAppendSizeExceeded().setMaxappendsize(maxAppendBytes) };
    case 'event-store-unavailable':
      return { code: Code.DEADLINE_EXCEEDED, name: 'Timeout', detail: new shared.Timeout() };
    default:
      return { code: error instanceof CallError ? Code.INVALID_ARGUMENT : Code.UNKNOWN, name: 'Unknown', detail: new shared.Unknown() };
  }
}

function wrongVersion({ expectedRevision }: Answered, actual: number | undefined): shared.WrongExpectedVersion {
  const wrong = new shared.WrongExpectedVersion();
  if (actual === undefined) wrong.setCurrentNoStream(new Empty());
  else wrong.setCurrentStreamRevision(String(actual));
  if (expectedRevision === 'no-stream') return wrong.setExpectedNoStream(new Empty());
  if (expectedRevision === 'stream-exists') return wrong.setExpectedStreamExists(new Empty());
  return expectedRevision === 'any' ? wrong.setExpectedAny(new Empty()) : wrong.setExpectedStreamPosition(String(expectedRevision));
}
