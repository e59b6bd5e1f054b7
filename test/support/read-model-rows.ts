/** All rows of read models, to compare two of them by: whatever tables there are, now or later. */
import type { DatabaseSync } from 'node:sqlite';

type Row = Readonly<Record<string, unknown>>;

/** Columns that hold an event's ordinal: how many events the file had seen by then, which is less where some have expired since. */
const isOrdinal = (column: string): boolean => /ordinal$/i.test(column);

/** Differences shown of one table, at most. */
const SHOWN = 5;

/** Rows by table; without the checkpoint, which need not be saved where no row was written. */
function rowsOf(database: DatabaseSync): ReadonlyMap<string, readonly Row[]> {
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'checkpoint' ORDER BY name").all();
  return new Map(tables.map(({ name }) => [String(name), database.prepare(`SELECT * FROM ${String(name)}`).all()]));
}

/** Every row of every table as JSON text, sorted. */
export function allRows(database: DatabaseSync): Record<string, unknown[]> {
  return Object.fromEntries([...rowsOf(database)].map(([table, rows]) => [table, rows.map((row) => JSON.stringify(Object.values(row))).sort()]));
}

/**
 * Where two read models differ, in words, a table after the other; empty where they are the same. Ordinals count as the same where they put
 * the rows into the same order.
 */
export function rowDifferences(live: DatabaseSync, replayed: DatabaseSync): string {
  const [ours, theirs] = [rowsOf(live), rowsOf(replayed)];
  const tables = [...new Set([...ours.keys(), ...theirs.keys()])];
  const values = tables.flatMap((table) => differenceOf(table, ours.get(table), theirs.get(table), withoutOrdinals));
  if (values.length > 0) return values.join('\n');
  const [ourRanks, theirRanks] = [rankOrdinals(ours), rankOrdinals(theirs)];
  return tables.flatMap((table) => differenceOf(table, ours.get(table)?.map(ourRanks), theirs.get(table)?.map(theirRanks), (row) => row)).join('\n');
}

function differenceOf(table: string, live: readonly Row[] | undefined, replayed: readonly Row[] | undefined, look: (row: Row) => Row): string[] {
  if (live === undefined || replayed === undefined) return [`${table}: there is none in the ${live === undefined ? 'live' : 'replayed'} read models`];
  const counts = new Map<string, number>();
  const count = (rows: readonly Row[], by: number): void => {
    for (const row of rows) {
      const text = JSON.stringify(look(row));
      counts.set(text, (counts.get(text) ?? 0) + by);
    }
  };
  count(live, 1);
  count(replayed, -1);
  const only = (sign: number): string[] => [...counts].flatMap(([text, balance]) => (balance * sign > 0 ? [text] : []));
  const [onlyLive, onlyReplayed] = [only(1), only(-1)];
  if (onlyLive.length + onlyReplayed.length === 0) return [];
  const shown = (title: string, rows: readonly string[]): string[] => [
    ...rows.slice(0, SHOWN).map((row) => `  ${title} ${row}`),
    ...(rows.length > SHOWN ? [`  ${title} and ${rows.length - SHOWN} more`] : []),
  ];
  return [`${table}: ${onlyLive.length} rows are live only, ${onlyReplayed.length} replayed only`, ...shown('live    ', onlyLive), ...shown('replayed', onlyReplayed)];
}

function withoutOrdinals(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([column]) => !isOrdinal(column)));
}

/** Each ordinal by its place among all there are. */
function rankOrdinals(tables: ReadonlyMap<string, readonly Row[]>): (row: Row) => Row {
  const ordinals = new Set<number>();
  for (const rows of tables.values()) {
    for (const row of rows) for (const [column, value] of Object.entries(row)) if (isOrdinal(column) && typeof value === 'number') ordinals.add(value);
  }
  const ranks = new Map([...ordinals].sort((a, b) => a - b).map((ordinal, rank) => [ordinal, rank]));
  return (row) => Object.fromEntries(Object.entries(row).map(([column, value]) => [column, isOrdinal(column) && typeof value === 'number' ? ranks.get(value) : value]));
}
