/** Answers what happened: reads the log itself, filtered, in pages. */
import type { EventReader, Position, RecordedEvent } from '../event-store/port.ts';
import { checkTypes, filterOf, matching, storedBetween } from './event-selection.ts';
import type { EventQuery, History, HistoryEvent } from './ports/history.ts';

type Query = Omit<EventQuery, 'limit'>;

/** Events searched for one page before it is answered short. */
const searchedPerPage = 50_000;

/** Creates the history over a store. */
export function createHistory(deps: { readonly reader: EventReader }): History {
  const { reader } = deps;

  return {
    async list({ limit, ...query }, signal) {
      checkTypes(query.types);
      const isPast = pastEnd(query);
      const events: HistoryEvent[] = [];
      let searched = 0;
      let last: Position | undefined;
      for await (const page of pages(reader, query, signal)) {
        for (const recorded of page) {
          const { position } = recorded;
          if (position === query.after) continue;
          if (isPast(recorded)) return { events, next: null };
          last = position;
          searched++;
          const event = matching(recorded, query);
          if (event !== undefined && (query.isVisible === undefined || (await isShown(event, query.isVisible)))) events.push(event);
          if (events.length === limit || searched === searchedPerPage) return { events, next: last };
        }
      }
      return { events, next: null };
    },

    stream(query, options) {
      checkTypes(query.types);
      return stream(reader, query, options);
    },
  };
}

async function* stream(reader: EventReader, query: Query, { follow, signal }: Parameters<History['stream']>[1]): AsyncGenerator<readonly HistoryEvent[], void, undefined> {
  const isPast = pastEnd(query);
  if (!follow) {
    for await (const page of pages(reader, query, signal)) {
      const matches = await shownOf(page.filter(({ position }) => position !== query.after), query);
      if (matches.length > 0) yield matches;
      if (page.some(isPast)) return;
    }
    return;
  }
  const filter = filterOf(query);
  const after = query.after ?? (query.from === undefined ? 'end' : ((await placeBefore(reader, storedBetween(query).fromMs)) ?? 'start'));
  for await (const message of reader.subscribeToAll({ after, signal, ...(filter === undefined ? {} : { filter }) })) {
    if (message.kind !== 'events') continue;
    const matches = await shownOf(message.events, query);
    if (matches.length > 0) yield matches;
    if (message.events.some(isPast)) return;
  }
}

async function* pages(reader: EventReader, query: Query, signal: AbortSignal | undefined): AsyncGenerator<readonly RecordedEvent[], void, undefined> {
  const direction = query.order === 'desc' ? 'backwards' : 'forwards';
  const filter = filterOf(query);
  const { fromMs, toMs } = storedBetween(query);
  const from = query.after ?? (await placeBefore(reader, direction === 'forwards' ? fromMs : toMs)) ?? (direction === 'forwards' ? 'start' : 'end');
  yield* reader.readAll({ direction, from, ...(filter === undefined ? {} : { filter }), ...(signal === undefined ? {} : { signal }) });
}

/** Where to begin instead of at an end of the log, where the store can tell. */
async function placeBefore(reader: EventReader, instantMs: number | undefined): Promise<Position | undefined> {
  return instantMs === undefined ? undefined : reader.positionBefore?.(instantMs);
}

/** Appends come in the order of time: past the far end of the range nothing more can match. */
function pastEnd(query: Query): (event: RecordedEvent) => boolean {
  const { fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY } = storedBetween(query);
  return query.order === 'desc' ? ({ createdAtMs }) => createdAtMs < fromMs : ({ createdAtMs }) => createdAtMs >= toMs;
}

/** Those that match, and that whoever asks may see. */
async function shownOf(page: readonly RecordedEvent[], query: Query): Promise<readonly HistoryEvent[]> {
  const matches = page.flatMap((recorded) => matching(recorded, query) ?? []);
  const { isVisible } = query;
  if (isVisible === undefined) return matches;
  const shown = await Promise.all(matches.map(async (event) => isShown(event, isVisible)));
  return matches.filter((_, index) => shown[index]);
}

function isShown({ data }: HistoryEvent, isVisible: NonNullable<EventQuery['isVisible']>): boolean | Promise<boolean> {
  const environmentId: unknown = typeof data === 'object' && data !== null && 'environmentId' in data ? data.environmentId : undefined;
  return isVisible(typeof environmentId === 'string' ? environmentId : undefined);
}
