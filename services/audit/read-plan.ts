/** What a Read asks for: one stream or the log of all, a part of it or everything that comes. */
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { Direction, Position } from '../event-store/port.ts';
import { invalidRequest } from './call-error.ts';
import { readFilter, type ReadFilter } from './event-filter.ts';
import type { IdForm } from './event-id.ts';
import { fromWirePosition, fromWireRevision } from './position.ts';
import { streamNameOf } from './stream-name.ts';

const { Options } = streams.ReadReq;

/** What is read, from where: inclusive for reads, exclusive for subscriptions. */
export type ReadSource =
  | { readonly kind: 'stream'; readonly stream: string; readonly from: number | 'start' | 'end' }
  | { readonly kind: 'all'; readonly from: Position | 'start' | 'end'; readonly filter: ReadFilter | undefined };

/** How much of it. */
export type ReadExtent = { readonly direction: Direction; readonly limit: number } | 'follow';

export interface ReadPlan {
  readonly source: ReadSource;
  readonly extent: ReadExtent;
  readonly idForm: IdForm;
  /** The client understands where the stream begins and ends as messages of their own. */
  readonly wantsEnds: boolean;
}

/** Throws CallError where the request makes no sense. */
export function readPlan(request: streams.ReadReq): ReadPlan {
  const options = request.getOptions();
  if (options === undefined) throw invalidRequest('The request has no options.');
  return {
    source: sourceOf(options),
    extent: extentOf(options),
    idForm: options.getUuidOption()?.hasString() === true ? 'text' : 'structured',
    wantsEnds: (options.getControlOption()?.getCompatibility() ?? 0) >= 1,
  };
}

function sourceOf(options: streams.ReadReq.Options): ReadSource {
  const ofStream = options.getStream();
  if (ofStream !== undefined) {
    if (options.hasFilter()) throw invalidRequest('A filter goes with $all, not with one stream.');
    const revision = ofStream.hasRevision() ? fromWireRevision(ofStream.getRevision()) : undefined;
    return { kind: 'stream', stream: streamNameOf(ofStream.getStreamIdentifier()), from: revision ?? (ofStream.hasEnd() ? 'end' : 'start') };
  }
  const ofAll = options.getAll();
  if (ofAll === undefined) throw invalidRequest('The request names neither a stream nor $all.');
  const position = ofAll.getPosition();
  const from = position === undefined ? undefined : fromWirePosition({ commit: position.getCommitPosition(), prepare: position.getPreparePosition() });
  const filter = options.getFilter();
  return { kind: 'all', from: from ?? (ofAll.hasEnd() ? 'end' : 'start'), filter: filter === undefined ? undefined : readFilter(filter) };
}

function extentOf(options: streams.ReadReq.Options): ReadExtent {
  const direction = options.getReadDirection() === Options.ReadDirection.BACKWARDS ? 'backwards' : 'forwards';
  if (options.hasSubscription()) {
    if (direction === 'backwards') throw invalidRequest('A subscription goes forwards.');
    return 'follow';
  }
  if (!options.hasCount()) throw invalidRequest('The request says neither how many events nor that it subscribes.');
  const limit = Number(options.getCount());
  return { direction, limit: Number.isSafeInteger(limit) ? limit : Number.POSITIVE_INFINITY };
}
