/**
 * Rows with validity ranges: a table of what is so now, and one of what was.
 *
 * Each row says from which event on it holds (`fromOrdinal`, `recordedFrom`) and each past row also where that ended
 * (`toOrdinal`, `recordedTo`), both ranges being [from, to). Both ordinals and instants never go back along the log, so
 * "as of instant T" needs no replay: it is {@link VersionedTable.asOf}, which reads the versions of one owner by
 * `<table>_past_by_key`, and all owners' by `<table>_past_by_end`, whose entries after T are few where T is recent. A
 * version that began and ended within one millisecond has an empty range and never shows.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { EventPlace } from './projection.ts';

/** The end of a range that has none yet. */
export const forever = Number.MAX_SAFE_INTEGER;

type ColumnType = 'TEXT' | 'INTEGER';

export interface VersionedTableShape<Row extends object> {
  readonly name: string;
  /** The column by which rows belong together: an environment's id. */
  readonly owner: keyof Row & string;
  /** What tells the rows of one owner apart, where there may be several. */
  readonly part?: keyof Row & string;
  /** All columns but the ranges; a trailing NOT NULL is implied for keys only. */
  readonly columns: Readonly<Record<keyof Row & string, ColumnType>>;
  /**
   * Where the table is asked for all owners as of an instant: what such questions filter, sort and count by, kept in the
   * index that answers them.
   */
  readonly soughtInPast?: readonly (keyof Row & string)[];
}

export interface VersionedTable<Row extends object> {
  readonly name: string;
  /** The SQL that makes both tables and their view. */
  readonly schema: string;
  /** SQL of the rows as of an instant, in milliseconds since 1970 and bound as `:asOf`: a table expression, to follow FROM. */
  readonly asOf: string;
  /** SQL of how many of them fit a condition: a query. What counts {@link asOf} reads whole rows; this reads no more than the condition needs. */
  countAsOf(condition: string): string;
  /** SQL of how many fit for each value of a column, as `value` and `count`: a query that reads no more than {@link countAsOf}. */
  countByAsOf(column: keyof Row & string, condition: string): string;
  open(database: DatabaseSync): VersionedRows<Row>;
}

/** Hears of each change of a row; undefined is no row. Several changes by one event come one after the other. */
export type RowWatcher<Row> = (before: Row | undefined, after: Row | undefined, place: EventPlace) => void;

/** The rows as of the event being handled. */
export interface VersionedRows<Row> {
  get(owner: string, part?: string): Row | undefined;
  /** The parts an owner has rows for. */
  parts(owner: string): string[];
  /** From this event on the row is so. An equal row makes no version. */
  put(row: Row, place: EventPlace): void;
  /** From this event on there is no such row. */
  end(place: EventPlace, owner: string, part?: string): void;
  /** From now on the watcher hears of every change. */
  watch(watcher: RowWatcher<Row>): void;
  write(): void;
  /** What was written stands. Recently used rows stay in memory. */
  committed(): void;
}

/** The tables of one file, each open once: one projection writes its rows, others may watch them. */
export interface VersionedTables {
  of<Row extends object>(table: VersionedTable<Row>): VersionedRows<Row>;
}

/** Opens tables when they are first asked for. */
export function createVersionedTables(database: DatabaseSync): VersionedTables {
  const opened = new Map<string, unknown>();
  return {
    of<Row extends object>(table: VersionedTable<Row>): VersionedRows<Row> {
      const rows = (opened.get(table.name) as VersionedRows<Row> | undefined) ?? table.open(database);
      opened.set(table.name, rows);
      return rows;
    },
  };
}

/** Rows of a table that stay in memory between batches, at most; then all go, and the next ones are read again. */
const rowsKept = 20_000;

interface Version<Row> {
  readonly row: Row;
  readonly fromOrdinal: number;
  readonly recordedFrom: number;
}

interface Entry<Row> {
  /** Whether the current table holds a row of this key. */
  isStored: boolean;
  now: Version<Row> | undefined;
  past: (Version<Row> & { readonly toOrdinal: number; readonly recordedTo: number })[];
  isChanged: boolean;
}

/** Describes a versioned table. */
export function versionedTable<Row extends object>(shape: VersionedTableShape<Row>): VersionedTable<Row> {
  const { name, owner, part } = shape;
  const columns = Object.keys(shape.columns) as (keyof Row & string)[];
  const keys = part === undefined ? [owner] : [owner, part];
  const isKey = keys.map((key) => `${key} = ?`).join(' AND ');
  const declared = columns.map((column) => `${column} ${shape.columns[column]}${keys.includes(column) ? ' NOT NULL' : ''}`).join(', ');
  const listed = columns.join(', ');
  const marks = (count: number) => Array.from({ length: count }, () => '?').join(', ');

  const sought = shape.soughtInPast && ['recordedTo', 'recordedFrom', ...keys, ...shape.soughtInPast].join(', ');
  const byEnd = sought === undefined ? '' : `CREATE INDEX ${name}_past_by_end ON ${name}_past (${sought});`;

  const schema = `
    CREATE TABLE ${name} (${declared}, fromOrdinal INTEGER NOT NULL, recordedFrom INTEGER NOT NULL,
      PRIMARY KEY (${keys.join(', ')})) STRICT, WITHOUT ROWID;
    CREATE TABLE ${name}_past (${declared}, fromOrdinal INTEGER NOT NULL, recordedFrom INTEGER NOT NULL,
      toOrdinal INTEGER NOT NULL, recordedTo INTEGER NOT NULL) STRICT;
    CREATE INDEX ${name}_past_by_key ON ${name}_past (${keys.join(', ')}, recordedFrom, recordedTo);
    ${byEnd}
    CREATE VIEW ${name}_versions AS
      SELECT ${listed}, fromOrdinal, recordedFrom, toOrdinal, recordedTo FROM ${name}_past UNION ALL
      SELECT ${listed}, fromOrdinal, recordedFrom, ${forever}, ${forever} FROM ${name};
  `;

  const asOf = `(SELECT ${listed} FROM ${name} WHERE recordedFrom <= :asOf UNION ALL
    SELECT ${listed} FROM ${name}_past WHERE recordedTo > :asOf AND recordedFrom <= :asOf)`;

  const countAsOf = (condition: string) => `SELECT (SELECT count(*) FROM ${name} WHERE recordedFrom <= :asOf AND ${condition})
    + (SELECT count(*) FROM ${name}_past WHERE recordedTo > :asOf AND recordedFrom <= :asOf AND ${condition}) AS total`;

  const countByAsOf = (column: string, condition: string) => `SELECT value, sum(count) AS count FROM (
    SELECT ${column} AS value, count(*) AS count FROM ${name} WHERE recordedFrom <= :asOf AND ${condition} GROUP BY ${column} UNION ALL
    SELECT ${column}, count(*) FROM ${name}_past WHERE recordedTo > :asOf AND recordedFrom <= :asOf AND ${condition} GROUP BY ${column})
    GROUP BY value ORDER BY value`;

  return { name, schema, asOf, countAsOf, countByAsOf, open };

  function open(database: DatabaseSync): VersionedRows<Row> {
    const select = database.prepare(`SELECT ${listed}, fromOrdinal, recordedFrom FROM ${name} WHERE ${isKey}`);
    const selectParts = database.prepare(`SELECT ${part ?? "''"} AS part FROM ${name} WHERE ${owner} = ?`);
    const insert = database.prepare(`INSERT INTO ${name} VALUES (${marks(columns.length + 2)})`);
    const update = database.prepare(
      `UPDATE ${name} SET ${columns.filter((column) => !keys.includes(column)).map((column) => `${column} = ?`).join(', ')},
       fromOrdinal = ?, recordedFrom = ? WHERE ${isKey}`,
    );
    const remove = database.prepare(`DELETE FROM ${name} WHERE ${isKey}`);
    const insertPast = database.prepare(`INSERT INTO ${name}_past VALUES (${marks(columns.length + 4)})`);
    const entries = new Map<string, Map<string, Entry<Row>>>();
    let kept = 0;
    let changed: { readonly key: readonly string[]; readonly entry: Entry<Row> }[] = [];
    const watchers: RowWatcher<Row>[] = [];

    const keyOf = (ownerValue: string, partValue: string) => (part === undefined ? [ownerValue] : [ownerValue, partValue]);
    const valuesOf = (row: Row) => columns.map((column) => row[column] as SQLInputValue);

    function entryOf(ownerValue: string, partValue: string): Entry<Row> {
      let parts = entries.get(ownerValue);
      if (parts === undefined) {
        parts = new Map();
        entries.set(ownerValue, parts);
      }
      let entry = parts.get(partValue);
      if (entry === undefined) {
        const stored = select.get(...keyOf(ownerValue, partValue));
        const now = stored && { row: stored as Row, fromOrdinal: Number(stored['fromOrdinal']), recordedFrom: Number(stored['recordedFrom']) };
        entry = { isStored: stored !== undefined, now, past: [], isChanged: false };
        parts.set(partValue, entry);
        kept += 1;
      }
      return entry;
    }

    function change(key: readonly string[], entry: Entry<Row>, row: Row | undefined, place: EventPlace): void {
      const { now } = entry;
      const { ordinal, recordedAtMs } = place;
      for (const watch of watchers) watch(now?.row, row, place);
      // What one event changes twice is one version.
      if (now !== undefined && now.fromOrdinal !== ordinal) entry.past.push({ ...now, toOrdinal: ordinal, recordedTo: recordedAtMs });
      entry.now = row && { row, fromOrdinal: ordinal, recordedFrom: recordedAtMs };
      if (!entry.isChanged) changed.push({ key, entry });
      entry.isChanged = true;
    }

    function writeEntry(key: readonly string[], { isStored, now, past }: Entry<Row>): void {
      for (const { row, fromOrdinal, recordedFrom, toOrdinal, recordedTo } of past) {
        insertPast.run(...valuesOf(row), fromOrdinal, recordedFrom, toOrdinal, recordedTo);
      }
      if (now === undefined) {
        if (isStored) remove.run(...key);
      } else if (isStored) {
        const values = columns.filter((column) => !keys.includes(column)).map((column) => now.row[column] as SQLInputValue);
        update.run(...values, now.fromOrdinal, now.recordedFrom, ...key);
      } else {
        insert.run(...valuesOf(now.row), now.fromOrdinal, now.recordedFrom);
      }
    }

    return {
      get: (ownerValue, partValue = '') => entryOf(ownerValue, partValue).now?.row,

      parts(ownerValue) {
        for (const { part: found } of selectParts.all(ownerValue)) entryOf(ownerValue, String(found));
        return [...(entries.get(ownerValue) ?? [])].flatMap(([found, entry]) => (entry.now === undefined ? [] : [found]));
      },

      put(row, place) {
        const ownerValue = String(row[owner]);
        const partValue = part === undefined ? '' : String(row[part]);
        const entry = entryOf(ownerValue, partValue);
        const before = entry.now?.row;
        if (before !== undefined && columns.every((column) => before[column] === row[column])) return;
        change(keyOf(ownerValue, partValue), entry, row, place);
      },

      end(place, ownerValue, partValue = '') {
        const entry = entryOf(ownerValue, partValue);
        if (entry.now !== undefined) change(keyOf(ownerValue, partValue), entry, undefined, place);
      },

      watch: (watcher) => void watchers.push(watcher),

      write() {
        for (const { key, entry } of changed) writeEntry(key, entry);
      },

      committed() {
        for (const { entry } of changed) {
          entry.isStored = entry.now !== undefined;
          entry.past = [];
          entry.isChanged = false;
        }
        changed = [];
        if (kept <= rowsKept) return;
        entries.clear();
        kept = 0;
      },
    };
  }
}
