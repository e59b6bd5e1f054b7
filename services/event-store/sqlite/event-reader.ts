/** The port's reading half over pages and announced heads; the same in every thread. */
import type { Direction, EventReader, ReadAllOptions, ReadStreamOptions, RecordedEvent } from '../port.ts';
import type { HeadWatch } from './head-watch.ts';
import type { LogPages } from './log-pages.ts';
import type { EventPage } from './log-reader.ts';
import { formatPosition, parsePosition } from './position.ts';
import { subscribeToAll, subscribeToStream } from './subscriptions.ts';

export interface EventReaderDeps {
  readonly pages: LogPages;
  readonly heads: HeadWatch;
  /** The position of the newest event as this thread can know it now; 0 in an empty log. */
  currentHead(): number;
  close(): Promise<void>;
}

/** Reads, subscribes and closes through what it is given. */
export function createEventReader(deps: EventReaderDeps): EventReader {
  const { pages } = deps;

  const readStream = async function* (stream: string, options: ReadStreamOptions = {}): AsyncGenerator<readonly RecordedEvent[]> {
    const { direction = 'forwards', limit = Number.POSITIVE_INFINITY, signal } = options;
    signal?.throwIfAborted();
    if (limit <= 0) return;
    const isForwards = direction === 'forwards';
    let to = isForwards ? Number.MAX_SAFE_INTEGER : 0;
    const read = async (from: number, left: number): Promise<EventPage> => {
      const page = await pages.streamPage({ stream, direction, from, to, limit: left });
      // The read ends where the stream ended when it began, however fast the stream grows.
      if (isForwards) to = Math.min(to, page.lastRevision);
      return page;
    };
    yield* inPages(read, place(direction, options.from, (revision) => revision), limit, signal);
  };

  const readAll = async function* (options: ReadAllOptions = {}): AsyncGenerator<readonly RecordedEvent[]> {
    const { direction = 'forwards', limit = Number.POSITIVE_INFINITY, filter, signal } = options;
    signal?.throwIfAborted();
    if (limit <= 0) return;
    const isForwards = direction === 'forwards';
    const head = deps.currentHead();
    const from = Math.min(place(direction, options.from, parsePosition), isForwards ? Number.MAX_SAFE_INTEGER : head);
    const to = isForwards ? head : 1;
    if (isForwards ? from > to : from < to) return;
    const read = (next: number, left: number): Promise<EventPage> => pages.allPage({ direction, from: next, to, limit: left, filter });
    yield* inPages(read, from, limit, signal);
  };

  async function* inPages(
    read: (from: number, limit: number) => Promise<EventPage>,
    from: number,
    limit: number,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<readonly RecordedEvent[]> {
    let left = limit;
    let reading: Promise<EventPage> | undefined = read(from, left);
    while (reading !== undefined) {
      const page: EventPage = await reading;
      signal?.throwIfAborted();
      left -= page.events.length;
      const isMore = page.next !== undefined && left > 0;
      reading = isMore && pages.isElsewhere ? ahead(read(page.next, left)) : undefined;
      if (page.events.length > 0) yield page.events;
      signal?.throwIfAborted();
      if (isMore) reading ??= read(page.next, left);
    }
  }

  return {
    readStream,
    readAll,
    subscribeToAll: (options) => subscribeToAll(deps, options),
    subscribeToStream: (stream, options) => subscribeToStream(deps, stream, options),
    getStreamMetadata: (stream) => pages.streamMetadata(stream),
    headPosition: async () => formatPosition(deps.currentHead()),
    positionBefore: async (instantMs) => formatPosition(await pages.positionBefore(instantMs)),
    countBetween: (a, b) => Math.max(0, parsePosition(b) - (a === undefined ? 0 : parsePosition(a))),
    comparePositions: (a, b) => parsePosition(a) - parsePosition(b),
    close: () => deps.close(),
  };
}

/** A promise whose failure counts only if somebody still wants the page. */
function ahead<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** Where a read begins. */
function place<From>(direction: Direction, from: From | 'start' | 'end' | undefined, toNumber: (from: From) => number): number {
  if (from === undefined) return direction === 'forwards' ? 0 : Number.MAX_SAFE_INTEGER;
  if (from === 'start') return 0;
  if (from === 'end') return Number.MAX_SAFE_INTEGER;
  return toNumber(from);
}
