/** Reads pages of the log, synchronously, over a connection of its own. A page is one short statement: none stays open. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Direction, EventFilter, MetadataResult, RecordedEvent } from '../port.ts';
import { createPositionRanges } from './position-ranges.ts';
import { createStreamViews } from './stream-views.ts';

/** A page ends after so many events, or so many characters of data and metadata, or so many positions looked at. */
const pageEvents = 1_000;
const pageCharacters = 2 * 1024 * 1024;
const pageScan = 20_000;

export interface AllPageQuery {
  readonly direction: Direction;
  /** Inclusive, in the direction of reading. */
  readonly from: number;
  /** Inclusive: the last position to look at in that direction. */
  readonly to: number;
  readonly limit: number;
  readonly filter: EventFilter | undefined;
}

export interface StreamPageQuery {
  readonly stream: string;
  readonly direction: Direction;
  /** Inclusive. */
  readonly from: number;
  /** Inclusive: the last revision to look at in that direction. */
  readonly to: number;
  readonly limit: number;
}

export interface EventPage {
  readonly events: readonly RecordedEvent[];
  /** Where the next page begins; undefined where this was the last. */
  readonly next: number | undefined;
}

export interface StreamPage extends EventPage {
  /** The stream's last revision when the page was read. */
  readonly lastRevision: number;
}

export interface LogReader {
  allPage(query: AllPageQuery): EventPage;
  /** Throws EventStoreError `stream-not-found` or `stream-deleted`. */
  streamPage(query: StreamPageQuery): StreamPage;
  /** Throws EventStoreError `stream-deleted`. */
  streamMetadata(stream: string): MetadataResult;
  /** The position of the newest event ever written; 0 in an empty log. */
  head(): number;
  /** The position of the last event ever written before an instant; 0 where there was none. */
  positionBefore(instantMs: number): number;
}

const columns = 'e.position, e.stream, e.revision, e.type, e.created, e.id, e.data, e.metadata';

/** A row of `columns`, as an array. */
type EventRow = readonly [number, number, number, number, number, string, string, string];

interface PageBuilder {
  readonly limit: number;
  readonly events: RecordedEvent[];
  characters: number;
}

/** `now` is the wall clock in milliseconds since 1970, for $maxAge. */
export function createLogReader(database: DatabaseSync, now: () => number): LogReader {
  const streamNames = new Map<number, string>();
  const typeNames = new Map<number, string>();
  const streamName = database.prepare('SELECT name FROM streams WHERE id = ?');
  const typeName = database.prepare('SELECT name FROM types WHERE id = ?');
  const headGroup = database.prepare('SELECT last_position FROM event_groups ORDER BY first_position DESC LIMIT 1');
  const groupAt = database.prepare('SELECT first_position, last_position, created FROM event_groups WHERE first_position <= ? ORDER BY first_position DESC LIMIT 1');
  const streams = createStreamViews(database, now);
  const positionRanges = createPositionRanges(database);
  const statements = new Map<string, StatementSync>();

  const prepared = (sql: string): StatementSync => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    // Filters make new texts; their number is bounded.
    if (statements.size >= 64) statements.clear();
    const statement = database.prepare(sql, { returnArrays: true });
    statements.set(sql, statement);
    return statement;
  };

  const nameOf = (names: Map<number, string>, lookup: StatementSync, id: number): string => {
    const known = names.get(id);
    if (known !== undefined) return known;
    const name = String(lookup.get(id)?.['name']);
    names.set(id, name);
    return name;
  };

  const toEvent = ([position, stream, revision, type, createdAtMs, id, data, metadata]: EventRow): RecordedEvent => ({
    id,
    type: nameOf(typeNames, typeName, type),
    data,
    metadata,
    stream: nameOf(streamNames, streamName, stream),
    revision,
    position: String(position),
    createdAtMs,
  });

  /** Reads rows until the statement ends, or the page is full; says which. */
  const collect = (statement: StatementSync, parameters: readonly (number | string)[], page: PageBuilder): boolean => {
    try {
      for (const row of statement.iterate(...parameters)) {
        const event = toEvent(row as unknown as EventRow);
        page.events.push(event);
        page.characters += event.data.length + event.metadata.length;
        if (page.events.length >= page.limit || page.characters >= pageCharacters) return true;
      }
      return false;
    } catch (error) {
      // A statement that failed reports its failure once more when it is used again, to whoever that is.
      statements.clear();
      throw error;
    }
  };

  const head = (): number => Number(headGroup.get()?.['last_position'] ?? 0);

  return {
    allPage: ({ direction, from, to, limit, filter }) => {
      const page: PageBuilder = { limit: Math.min(limit, pageEvents), events: [], characters: 0 };
      const { events } = page;
      const { ranges, scannedTo } = positionRanges.next(direction, from, to, filter, filter === undefined ? Number.POSITIVE_INFINITY : pageScan);
      const where = filterCondition(filter);
      const order = direction === 'forwards' ? 'ASC' : 'DESC';
      const statement = prepared(
        `SELECT ${columns} FROM events AS e ${where.joins} WHERE e.position BETWEEN ? AND ? ${where.condition} ORDER BY e.position ${order} LIMIT ?`,
      );
      const step = direction === 'forwards' ? 1 : -1;
      const isPast = (position: number): boolean => (direction === 'forwards' ? position > to : position < to);
      for (const [low, high] of ranges) {
        const isFull = collect(statement, [low, high, ...where.parameters, page.limit - events.length], page);
        const last = events.at(-1);
        if (isFull && last !== undefined) {
          const next = Number(last.position) + step;
          return { events, next: isPast(next) ? undefined : next };
        }
      }
      return { events, next: isPast(scannedTo + step) ? undefined : scannedTo + step };
    },

    streamPage: ({ stream, direction, from, to, limit }) => {
      const { id, shownFrom, lastRevision } = streams.view(stream);
      const isForwards = direction === 'forwards';
      const low = Math.max(shownFrom, isForwards ? from : to);
      const high = Math.min(lastRevision, isForwards ? to : from);
      if (low > high) return { events: [], next: undefined, lastRevision };
      const page: PageBuilder = { limit: Math.min(limit, pageEvents), events: [], characters: 0 };
      const { events } = page;
      const statement = prepared(
        `SELECT ${columns} FROM events AS e WHERE e.stream = ? AND e.revision BETWEEN ? AND ? ORDER BY e.revision ${isForwards ? 'ASC' : 'DESC'} LIMIT ?`,
      );
      const isFull = collect(statement, [id, low, high, page.limit], page);
      const last = events.at(-1);
      if (!isFull || last === undefined) return { events, next: undefined, lastRevision };
      const next = isForwards ? last.revision + 1 : last.revision - 1;
      return { events, next: next < low || next > high ? undefined : next, lastRevision };
    },

    streamMetadata: streams.metadata,
    head,
    positionBefore: (instantMs) => {
      // Groups stay when their events expire, and their times never go back: the first one that is late enough is found by halving.
      let low = 1;
      let high = head() + 1;
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        const group = groupAt.get(middle);
        if (group === undefined || Number(group['created']) < instantMs) low = Math.max(middle, Number(group?.['last_position'] ?? 0)) + 1;
        else high = Number(group['first_position']);
      }
      return low - 1;
    },
  };
}

interface FilterCondition {
  readonly joins: string;
  readonly condition: string;
  readonly parameters: readonly string[];
}

/** Begins-with as a range, which SQLite compares byte by byte: U+10FFFF is above every character that a name goes on with. */
function filterCondition(filter: EventFilter | undefined): FilterCondition {
  if (filter === undefined) return { joins: '', condition: '', parameters: [] };
  const [table, column, prefixes] =
    'streamPrefixes' in filter ? ['streams', 'stream', filter.streamPrefixes] as const : ['types', 'type', filter.typePrefixes] as const;
  const alternatives = prefixes.map(() => '(named.name >= ? AND named.name < ?)');
  return {
    joins: `CROSS JOIN ${table} AS named ON named.id = e.${column}`,
    condition: `AND (${alternatives.join(' OR ') || 'FALSE'})`,
    parameters: prefixes.flatMap((prefix) => [prefix, `${prefix}\u{10FFFF}`]),
  };
}
