/** The requests of reads and subscriptions. */
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { Direction, EventFilter } from '../port.ts';
import type { LogPosition } from './position.ts';

const { Empty, StreamIdentifier } = shared;
const { ReadReq } = streams;
const { Options } = ReadReq;

/** What to read: one stream from a revision, or the log of all from a place. */
export type ReadSource =
  | { readonly stream: string; readonly from: number | 'start' | 'end' }
  | { readonly from: LogPosition | 'start' | 'end'; readonly filter?: EventFilter | undefined };

/** How much: so many events in one direction, or everything there will be. */
export type ReadExtent = { readonly direction: Direction; readonly limit: number } | 'follow';

/** The server looks at so many events before it says how far it has come; a multiple of 32. */
const checkpointEvents = 4096;
const searchWindow = 32;
/** Of a read without a limit. The wire's number has 64 bits; this is more than there can be. */
const everything = Number.MAX_SAFE_INTEGER;

/** Builds the request. Identifiers come as text, links are not resolved. */
export function readRequest(source: ReadSource, extent: ReadExtent): streams.ReadReq {
  const options = new Options();
  if ('stream' in source) options.setStream(streamOptions(source.stream, source.from));
  else options.setAll(allOptions(source.from));
  const filter = 'stream' in source ? undefined : source.filter;
  if (filter === undefined) options.setNoFilter(new Empty());
  else options.setFilter(filterOptions(filter));
  if (extent === 'follow') {
    options.setSubscription(new Options.SubscriptionOptions());
  } else {
    options.setCount(String(Math.min(extent.limit, everything)));
    options.setReadDirection(extent.direction === 'forwards' ? Options.ReadDirection.FORWARDS : Options.ReadDirection.BACKWARDS);
  }
  options.setUuidOption(new Options.UUIDOption().setString(new Empty()));
  return new ReadReq().setOptions(options);
}

function streamOptions(stream: string, from: number | 'start' | 'end') {
  const options = new Options.StreamOptions().setStreamIdentifier(streamIdentifier(stream));
  if (from === 'start') return options.setStart(new Empty());
  return from === 'end' ? options.setEnd(new Empty()) : options.setRevision(String(from));
}

function allOptions(from: LogPosition | 'start' | 'end') {
  const options = new Options.AllOptions();
  if (from === 'start') return options.setStart(new Empty());
  if (from === 'end') return options.setEnd(new Empty());
  return options.setPosition(new Options.Position().setCommitPosition(String(from.commit)).setPreparePosition(String(from.prepare)));
}

function filterOptions(filter: EventFilter) {
  const expression = new Options.FilterOptions.Expression();
  const options = new Options.FilterOptions().setMax(searchWindow).setCheckpointintervalmultiplier(checkpointEvents / searchWindow);
  if ('streamPrefixes' in filter) return options.setStreamIdentifier(expression.setPrefixList([...filter.streamPrefixes]));
  return options.setEventType(expression.setPrefixList([...filter.typePrefixes]));
}

/** A stream's name as the wire has it. */
export function streamIdentifier(stream: string): shared.StreamIdentifier {
  return new StreamIdentifier().setStreamName(Buffer.from(stream));
}
