/** Serves Delete and Tombstone. */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { EventStore, ExpectedRevision } from '../event-store/port.ts';
import { accessDenied, invalidRequest } from './call-error.ts';
import type { Caller } from './caller.ts';
import { expectedRevisionOf } from './expected-revision.ts';
import { streamNameOf } from './stream-name.ts';

type Options = streams.DeleteReq.Options | streams.TombstoneReq.Options | undefined;

/** A soft delete. Throws CallError, and what the store throws. */
export async function serveDelete(request: streams.DeleteReq, caller: Caller, store: EventStore): Promise<streams.DeleteResp> {
  const { stream, expectedRevision } = asked(request.getOptions(), caller);
  await store.deleteStream(stream, { expectedRevision });
  return new streams.DeleteResp().setNoPosition(new shared.Empty());
}

/** A deletion for ever. Throws as {@link serveDelete}. */
export async function serveTombstone(request: streams.TombstoneReq, caller: Caller, store: EventStore): Promise<streams.TombstoneResp> {
  const { stream, expectedRevision } = asked(request.getOptions(), caller);
  await store.tombstoneStream(stream, { expectedRevision });
  return new streams.TombstoneResp().setNoPosition(new shared.Empty());
}

function asked(options: Options, caller: Caller): { readonly stream: string; readonly expectedRevision: ExpectedRevision } {
  if (!caller.mayWrite) throw accessDenied('Access Denied');
  if (options === undefined) throw invalidRequest('The request has no options.');
  const revision = options.hasRevision() ? options.getRevision() : undefined;
  const expectedRevision = expectedRevisionOf({ revision, isNoStream: options.hasNoStream(), isStreamExists: options.hasStreamExists(), isAny: options.hasAny() });
  return { stream: streamNameOf(options.getStreamIdentifier()), expectedRevision };
}
