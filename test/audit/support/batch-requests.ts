/** Requests of BatchAppend, sound or not. */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import empties from 'google-protobuf/google/protobuf/empty_pb.js';
import timestamps from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { randomUUID } from 'node:crypto';

const { BatchAppendReq } = streams;
const { Empty } = empties;

/** An event as it is proposed; what is left out makes sense. */
export interface Proposal {
  /** A UUID by default. */
  readonly id?: string;
  readonly type?: string;
  readonly contentType?: string;
  readonly data?: string | Uint8Array;
}

function proposed({ id = randomUUID(), type = 'ThingHappened', contentType = 'application/json', data = '{}' }: Proposal = {}): streams.BatchAppendReq.ProposedMessage {
  const message = new BatchAppendReq.ProposedMessage().setId(new shared.UUID().setString(id)).setData(Buffer.from(data));
  message.getMetadataMap().set('type', type).set('content-type', contentType);
  return message;
}

/** Of one append; its first request names the stream. */
export interface Part {
  readonly id: string;
  readonly stream?: string;
  readonly expected?: 'any' | 'no-stream' | number;
  readonly messages?: readonly Proposal[];
  readonly isFinal?: boolean;
  readonly deadlineMs?: number;
}

/** One request of BatchAppend; with a stream, the first of its append. */
export function part({ id, stream, expected = 'any', messages = [{}], isFinal = true, deadlineMs }: Part): streams.BatchAppendReq {
  const request = new BatchAppendReq().setCorrelationId(new shared.UUID().setString(id)).setProposedMessagesList(messages.map(proposed)).setIsFinal(isFinal);
  if (stream === undefined) return request;
  const options = new BatchAppendReq.Options().setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(stream)));
  if (expected === 'any') options.setAny(new Empty());
  else if (expected === 'no-stream') options.setNoStream(new Empty());
  else options.setStreamPosition(String(expected));
  if (deadlineMs !== undefined) options.setDeadline(timestamps.Timestamp.fromDate(new Date(deadlineMs)));
  return request.setOptions(options);
}
