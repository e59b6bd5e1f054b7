/** Answers what happened: reads the log itself, filtered, in pages. */
import { decodeEvent, isEventType, schemaVersions } from '../domain/event-codec.ts';
import type { EventFilter, EventReader, Position, RecordedEvent } from '../event-store/port.ts';
import { ApplicationError, type EventQuery, type History, type HistoryEvent } from './ports.ts';

/** Events searched for one page before it is answered short. */
const searchedPerPage = 50_000;

/** Creates the history over a store. */
export function createHistory(deps: { readonly reader: EventReader }): History {
  const { reader } = deps;

  return {
    async list({ limit, ...query }, signal) {
      checkType(query.type);
      const events: HistoryEvent[] = [];
      let searched = 0;
      let last: Position | undefined;
      for await (const page of pages(reader, query, signal)) {
        for (const recorded of page) {
          const { position } = recorded;
          if (position === query.after) continue;
          if (isPast(recorded, query)) return { events, next: null };
          last = position;
          searched++;
          const event = matching(recorded, query);
          if (event !== undefined) events.push(event);
          if (events.length === limit || searched === searchedPerPage) return { events, next: last };
        }
      }
      return { events, next: null };
    },

    stream(query, options) {
      checkType(query.type);
      return stream(reader, query, options);
    },
  };
}

async function* stream(reader: EventReader, query: Omit<EventQuery, 'limit'>, { follow, signal }: Parameters<History['stream']>[1]): AsyncGenerator<readonly HistoryEvent[], void, undefined> {
  if (!follow) {
    for await (const page of pages(reader, query, signal)) {
      const matches = page.filter(({ position }) => position !== query.after).flatMap((recorded) => matching(recorded, query) ?? []);
      if (matches.length > 0) yield matches;
      if (page.some((recorded) => isPast(recorded, query))) return;
    }
    return;
  }
  const filter = filterOf(query);
  const after = query.after ?? (query.from === undefined ? 'end' : 'start');
  for await (const message of reader.subscribeToAll({ after, signal, ...(filter === undefined ? {} : { filter }) })) {
    if (message.kind !== 'events') continue;
    const matches = message.events.flatMap((recorded) => matching(recorded, query) ?? []);
    if (matches.length > 0) yield matches;
  }
}

/** A type that does not exist matches nothing, which looks as if nothing had happened. Throws unknown-event-type. */
function checkType(type: string | undefined): void {
  if (type === undefined || isEventType(type)) return;
  const near = Object.keys(schemaVersions).find((known) => known.toLowerCase() === type.toLowerCase());
  const hint = near === undefined ? 'docs/events.md lists them' : `did you mean ${near}?`;
  throw new ApplicationError('unknown-event-type', `there is no event type ${type}; ${hint}`);
}

function pages(reader: EventReader, query: Omit<EventQuery, 'limit'>, signal: AbortSignal | undefined): AsyncIterable<readonly RecordedEvent[]> {
  const direction = query.order === 'desc' ? 'backwards' : 'forwards';
  const filter = filterOf(query);
  return reader.readAll({
    direction,
    from: query.after ?? (direction === 'forwards' ? 'start' : 'end'),
    ...(filter === undefined ? {} : { filter }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** What the store itself can leave out; the rest is left out here. */
function filterOf({ stream, category, type }: Omit<EventQuery, 'limit'>): EventFilter | undefined {
  if (stream !== undefined) return { streamPrefixes: [stream] };
  if (category !== undefined) return { streamPrefixes: [category] };
  return type === undefined ? undefined : { typePrefixes: [type] };
}

/** Appends come in the order of time: past the far end of the range nothing more can match. */
function isPast({ createdAtMs }: RecordedEvent, { order, from, to }: Omit<EventQuery, 'limit'>): boolean {
  // recordedAt is stamped a little before the store's own clock sees the event.
  const slackMs = 60_000;
  if (order === 'desc') return from !== undefined && createdAtMs < Date.parse(from);
  return to !== undefined && createdAtMs >= Date.parse(to) + slackMs;
}

function matching(recorded: RecordedEvent, query: Omit<EventQuery, 'limit'>): HistoryEvent | undefined {
  const { stream, type } = recorded;
  if (type.startsWith('$') || stream.startsWith('$')) return undefined;
  if (query.stream !== undefined && stream !== query.stream) return undefined;
  if (query.category !== undefined && stream !== query.category && !stream.startsWith(`${query.category}-`)) return undefined;
  if (query.type !== undefined && type !== query.type) return undefined;
  // The id is in the text of every event that concerns the environment: most others are left out before they are parsed.
  if (query.environmentId !== undefined && !recorded.data.includes(query.environmentId)) return undefined;
  const event = toHistoryEvent(recorded);
  if (query.environmentId !== undefined && event.environmentId !== query.environmentId) return undefined;
  if (query.from !== undefined && event.history.recordedAt < query.from) return undefined;
  if (query.to !== undefined && event.history.recordedAt >= query.to) return undefined;
  return event.history;
}

function toHistoryEvent(recorded: RecordedEvent): { readonly history: HistoryEvent; readonly environmentId: unknown } {
  const { id, stream, revision, position, type, createdAtMs } = recorded;
  const stored: unknown = JSON.parse(recorded.data);
  const data: unknown = decodeEvent(type, stored)?.data ?? stored;
  const metadata: unknown = JSON.parse(recorded.metadata === '' ? '{}' : recorded.metadata);
  const createdAt = new Date(createdAtMs).toISOString();
  const recordedAt = textOf(metadata, 'recordedAt') ?? createdAt;
  const history = { id, stream, revision, position, type, time: textOf(data, 'at') ?? recordedAt, recordedAt, data, metadata };
  return { history, environmentId: textOf(data, 'environmentId') };
}

function textOf(value: unknown, name: string): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const found: unknown = (value as Record<string, unknown>)[name];
  return typeof found === 'string' ? found : undefined;
}
