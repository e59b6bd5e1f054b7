/** How many events the stream lacks: the log is counted beside the publishing for as long as any are missing, also while NATS is away. */
import type { EventReader, Position, RecordedEvent } from '../event-store/port.ts';

/** What the stream lacks. */
export interface Missing {
  /** Events of the log that are not known to be in the stream; at least so many while they are still being counted. */
  readonly events: number;
  /** When the oldest of them was recorded, in milliseconds since 1970. */
  readonly sinceMs: number;
}

/** Counts what the stream lacks, and tells each time it changes. Nothing is told while nothing is missing. */
export interface Backlog {
  /** Counts what comes after a place, less the first `skipped`; goes on where it is being counted from there already. */
  countFrom(after: Position | 'start', skipped?: number): void;
  /** So many more are in the stream, up to that position. */
  stored(messages: number, position: Position): void;
  /** What is published next was recorded then: all that is older is on its way. */
  publishing(oldestMs: number): void;
  /** Ends the counting: nothing is missing, or it is another's to know. */
  stop(): void;
}

/** Counts the events that `isWanted` keeps. That the log can't be read is shown by whoever publishes; the count then stays as it was. */
export function createBacklog(deps: {
  readonly reader: Pick<EventReader, 'subscribeToAll'>;
  readonly isWanted: (event: RecordedEvent) => boolean;
  readonly tell: (missing: Missing) => void;
}): Backlog {
  const { reader, isWanted, tell } = deps;
  let counting: AbortController | undefined;
  let from: Position | 'start' | undefined;
  let counted = 0;
  let stored = 0;
  let oldestMs: number | undefined;

  function say(): void {
    // Publishing may be ahead of the counting for a moment.
    const events = counted - stored;
    if (events > 0 && oldestMs !== undefined) tell({ events, sinceMs: oldestMs });
  }

  async function count(after: Position | 'start', skipped: number, signal: AbortSignal): Promise<void> {
    let skip = skipped;
    for await (const message of reader.subscribeToAll({ after, signal })) {
      if (message.kind !== 'events') continue;
      const wanted = message.events.filter(isWanted);
      const news = wanted.slice(skip);
      skip -= wanted.length - news.length;
      counted += news.length;
      oldestMs ??= news[0]?.createdAtMs;
      say();
    }
  }

  function stop(): void {
    counting?.abort();
    counting = undefined;
    from = undefined;
  }

  return {
    countFrom(after, skipped = 0) {
      if (counting !== undefined && after === from && skipped === 0) return;
      stop();
      counting = new AbortController();
      from = after;
      counted = 0;
      stored = 0;
      oldestMs = undefined;
      count(after, skipped, counting.signal).catch(() => undefined);
    },
    stored(messages, position) {
      if (counting === undefined) return;
      stored += messages;
      from = position;
      say();
    },
    publishing(sinceMs) {
      if (counting === undefined) return;
      oldestMs = sinceMs;
      say();
    },
    stop,
  };
}
