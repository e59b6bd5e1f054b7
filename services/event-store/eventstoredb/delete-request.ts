/** The requests of soft deletes and tombstones. */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ExpectedRevision } from '../port.ts';
import { streamIdentifier } from './read-request.ts';

const { Empty } = shared;
const { DeleteReq, TombstoneReq } = streams;

/** A soft delete. */
export function deleteRequest(stream: string, expected: ExpectedRevision): streams.DeleteReq {
  return new DeleteReq().setOptions(expecting(new DeleteReq.Options(), expected).setStreamIdentifier(streamIdentifier(stream)));
}

/** A deletion for ever. */
export function tombstoneRequest(stream: string, expected: ExpectedRevision): streams.TombstoneReq {
  return new TombstoneReq().setOptions(expecting(new TombstoneReq.Options(), expected).setStreamIdentifier(streamIdentifier(stream)));
}

interface ExpectingOptions {
  setAny(value: shared.Empty): unknown;
  setNoStream(value: shared.Empty): unknown;
  setStreamExists(value: shared.Empty): unknown;
  setRevision(value: string): unknown;
}

function expecting<Options extends ExpectingOptions>(options: Options, expected: ExpectedRevision): Options {
  if (expected === 'any') options.setAny(new Empty());
  else if (expected === 'no-stream') options.setNoStream(new Empty());
  else if (expected === 'stream-exists') options.setStreamExists(new Empty());
  else options.setRevision(String(expected));
  return options;
}
