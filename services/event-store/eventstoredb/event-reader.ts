/** The port's reading half over a server. */
import { EventStoreError, type Direction, type EventReader, type MetadataResult, type ReadAllOptions, type ReadStreamOptions, type RecordedEvent } from '../port.ts';
import { decodeStreamMetadata, metadataStreamOf } from '../stream-metadata.ts';
import type { Availability } from './availability.ts';
import { comparePositions, parsePosition, type LogPosition } from './position.ts';
import { readRequest, type ReadSource } from './read-request.ts';
import { toRecordedEvent } from './recorded-event.ts';
import { responsePages } from './response-pages.ts';
import type { ServerConnection } from './server-connection.ts';
import { toStoreError } from './server-errors.ts';
import { subscribeToAll, subscribeToStream } from './subscriptions.ts';

/** A read of a server that works is never silent for so long, in milliseconds. */
const silenceMs = 5_000;
/** So many events a server reads at once, so a read that brings no more has brought what stood there when it began. */
const eventsReadAtOnce = 32;

/** Reads and subscribes through `connection`, as long as the server answers; `close` ends it. */
export function createEventReader({ connection, availability, close }: { readonly connection: ServerConnection; readonly availability: Availability; readonly close: () => Promise<void> }): EventReader {
  async function* read(source: ReadSource, direction: Direction, limit: number, signal?: AbortSignal): AsyncGenerator<readonly RecordedEvent[]> {
    const asked = 'stream' in source ? { stream: source.stream } : {};
    availability.check();
    try {
      const call = await connection.beginRead(readRequest(source, { direction, limit }));
      for await (const answers of responsePages(call, { silenceMs, signal })) {
        if (answers.some((answer) => answer.hasStreamNotFound())) throw new EventStoreError('stream-not-found', `There is no stream ${asked.stream ?? ''}.`, asked);
        const events = answers.map((answer) => answer.getEvent()?.getEvent()).filter((sent) => sent !== undefined).map(toRecordedEvent);
        if (events.length > 0) yield events;
        signal?.throwIfAborted();
      }
    } catch (error) {
      signal?.throwIfAborted();
      const failure = toStoreError(error, asked);
      if (failure.code === 'event-store-unavailable') availability.lost(failure);
      throw failure;
    }
    signal?.throwIfAborted();
  }

  async function last(source: ReadSource, signal?: AbortSignal): Promise<RecordedEvent | undefined> {
    for await (const [event] of read(source, 'backwards', 1, signal)) return event;
    return undefined;
  }

  async function* readStream(stream: string, options: ReadStreamOptions = {}): AsyncGenerator<readonly RecordedEvent[]> {
    const { direction = 'forwards', limit = Number.POSITIVE_INFINITY, signal } = options;
    signal?.throwIfAborted();
    if (limit <= 0) return;
    const from = options.from ?? (direction === 'forwards' ? 'start' : 'end');
    if (direction === 'backwards') {
      yield* read({ stream, from }, direction, limit, signal);
      return;
    }
    const askEnd = async () => {
      const end = (await last({ stream, from: 'end' }, signal))?.revision ?? -1;
      return (event: RecordedEvent) => event.revision - end;
    };
    // Nothing comes after the end, but a stream that is not there is to be told.
    if (from === 'end') await askEnd();
    else yield* upToEnd(read({ stream, from }, direction, limit, signal), { askEnd, known: undefined, signal });
  }

  async function* readAll(options: ReadAllOptions = {}): AsyncGenerator<readonly RecordedEvent[]> {
    const { direction = 'forwards', limit = Number.POSITIVE_INFINITY, filter, signal } = options;
    signal?.throwIfAborted();
    if (limit <= 0) return;
    const isForwards = direction === 'forwards';
    const asked = options.from ?? (isForwards ? 'start' : 'end');
    const from = asked === 'start' || asked === 'end' ? asked : parsePosition(asked);
    if (isForwards ? from === 'end' : from === 'start') return;
    if (!isForwards) {
      yield* backwards(from, limit, filter, signal);
      return;
    }
    const askEnd = async () => {
      const head = await last({ from: 'end' }, signal);
      const end = head && parsePosition(head.position);
      return ({ position }: RecordedEvent) => (end === undefined ? 1 : comparePositions(parsePosition(position), end));
    };
    // Few events may be left of many that were looked at, over a time in which the log grew.
    const known = filter === undefined ? undefined : await askEnd();
    yield* upToEnd(read({ from, filter }, direction, limit, signal), { askEnd, known, signal });
  }

  /** Backwards the server leaves out the event at the place itself: that one is read apart. */
  async function* backwards(from: LogPosition | 'start' | 'end', limit: number, filter: ReadAllOptions['filter'], signal: AbortSignal | undefined): AsyncGenerator<readonly RecordedEvent[]> {
    let left = limit;
    if (typeof from === 'object') {
      for await (const [event] of read({ from }, 'forwards', 1, signal)) {
        if (event === undefined || comparePositions(parsePosition(event.position), from) !== 0 || !passes(filter, event)) break;
        left -= 1;
        yield [event];
        break;
      }
    }
    if (left > 0) yield* read({ from, filter }, 'backwards', left, signal);
  }

  return {
    readStream,
    readAll,
    subscribeToAll: (options) => subscribeToAll(connection, options),
    subscribeToStream: (stream, options) => subscribeToStream(connection, stream, options),
    async getStreamMetadata(stream): Promise<MetadataResult> {
      try {
        const event = await last({ stream: metadataStreamOf(stream), from: 'end' });
        return event === undefined ? { metadata: {}, revision: undefined } : { metadata: decodeStreamMetadata(event.data), revision: event.revision };
      } catch (error) {
        if (error instanceof EventStoreError && error.code === 'stream-not-found') return { metadata: {}, revision: undefined };
        throw error;
      }
    },
    headPosition: async () => (await last({ from: 'end' }))?.position,
    comparePositions: (a, b) => comparePositions(parsePosition(a), parsePosition(b)),
    close,
  };
}

/** How far an event is from the end of a read: 0 at it, above 0 past it. */
type BeyondEnd = (event: RecordedEvent) => number;

interface End {
  readonly askEnd: () => Promise<BeyondEnd>;
  /** Where it was asked for beforehand. */
  readonly known: BeyondEnd | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Passes events on until one is at the end, so that a read ends where the log, or the stream, ended when it began, however fast that
 * grows. The end is asked for only where more events come than a server reads at once: loading a small stream is one call.
 */
async function* upToEnd(pages: AsyncGenerator<readonly RecordedEvent[]>, { askEnd, known, signal }: End): AsyncGenerator<readonly RecordedEvent[]> {
  let beyondEnd = known;
  let held: readonly RecordedEvent[] = [];
  for await (const page of pages) {
    held = held.length === 0 ? page : [...held, ...page];
    if (beyondEnd === undefined && held.length <= eventsReadAtOnce) continue;
    const isBeyond = (beyondEnd ??= await askEnd());
    const within = held.filter((event) => isBeyond(event) <= 0);
    const newest = held.at(-1);
    held = [];
    if (within.length > 0) yield within;
    if (newest !== undefined && isBeyond(newest) >= 0) return;
  }
  if (held.length > 0) yield held;
  signal?.throwIfAborted();
}

function passes(filter: ReadAllOptions['filter'], { stream, type }: RecordedEvent): boolean {
  if (filter === undefined) return true;
  return 'streamPrefixes' in filter ? filter.streamPrefixes.some((prefix) => stream.startsWith(prefix)) : filter.typePrefixes.some((prefix) => type.startsWith(prefix));
}
