/** Serves Append: the events of one append, sent one by one. */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { sendUnaryData, ServerReadableStream } from '@grpc/grpc-js';
import { EventStoreError, type AppendResult, type EventStore, type ExpectedRevision } from '../event-store/port.ts';
import { accessDenied, callErrorOf, invalidRequest } from './call-error.ts';
import type { Caller } from './caller.ts';
import { expectedRevisionOf } from './expected-revision.ts';
import { toWirePosition } from './position.ts';
import { createProposedEvents } from './proposed-events.ts';
import { streamNameOf } from './stream-name.ts';

const { AppendResp } = streams;

export type AppendCall = ServerReadableStream<streams.AppendReq, streams.AppendResp>;

/** Answers once. A wrong expected revision is an answer, everything else that goes wrong a status. Never rejects. */
export async function serveAppend(call: AppendCall, respond: sendUnaryData<streams.AppendResp>, caller: Caller, deps: { readonly store: EventStore; onFailure(error: unknown): void }): Promise<void> {
  try {
    if (!caller.mayWrite) throw accessDenied('Access Denied');
    const { stream, expectedRevision, events } = await received(call);
    try {
      respond(null, success(await deps.store.append(stream, events, { expectedRevision })));
    } catch (error) {
      if (!(error instanceof EventStoreError) || error.code !== 'wrong-expected-revision') throw error;
      respond(null, wrongRevision(expectedRevision, error.actualRevision));
    }
  } catch (error) {
    const status = callErrorOf(error);
    if (status.isFailure) deps.onFailure(error);
    respond(status);
  }
}

async function received(call: AppendCall) {
  let header: { readonly stream: string; readonly expectedRevision: ExpectedRevision } | undefined;
  let proposed: ReturnType<typeof createProposedEvents> | undefined;
  for await (const message of call as AsyncIterable<streams.AppendReq>) {
    const options = message.getOptions();
    const event = message.getProposedMessage();
    if (options !== undefined) {
      const stream = streamNameOf(options.getStreamIdentifier());
      const revision = options.hasRevision() ? options.getRevision() : undefined;
      header = { stream, expectedRevision: expectedRevisionOf({ revision, isNoStream: options.hasNoStream(), isStreamExists: options.hasStreamExists(), isAny: options.hasAny() }) };
      proposed = createProposedEvents(stream);
    } else if (event !== undefined) {
      if (proposed === undefined) throw invalidRequest('An append begins with its options.');
      proposed.add(event);
    }
  }
  if (header === undefined || proposed === undefined) throw invalidRequest('An append begins with its options.');
  return { ...header, events: proposed.take() };
}

function success({ revision, position }: AppendResult): streams.AppendResp {
  const { commit, prepare } = toWirePosition(position);
  const place = new AppendResp.Position().setCommitPosition(commit).setPreparePosition(prepare);
  return new AppendResp().setSuccess(new AppendResp.Success().setCurrentRevision(String(revision)).setPosition(place));
}

function wrongRevision(expected: ExpectedRevision, actual: number | undefined): streams.AppendResp {
  const wrong = new AppendResp.WrongExpectedVersion();
  if (actual === undefined) wrong.setCurrentNoStream(new shared.Empty());
  else wrong.setCurrentRevision(String(actual));
  if (expected === 'no-stream') wrong.setExpectedNoStream(new shared.Empty());
  else if (expected === 'stream-exists') wrong.setExpectedStreamExists(new shared.Empty());
  else if (expected === 'any') wrong.setExpectedAny(new shared.Empty());
  else wrong.setExpectedRevision(String(expected));
  return new AppendResp().setWrongExpectedVersion(wrong);
}
