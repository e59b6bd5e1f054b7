/** Finds an instant in a table whose rows stand in the order of the log: no index by time is needed, for both only grow. */
import type { DatabaseSync } from 'node:sqlite';

/** Prepares finding the first ordinal recorded at an instant, in milliseconds since 1970, or later; beyond the last one where there is none. */
export function createOrdinalSearch(database: DatabaseSync, table: string): (instantMs: number) => number {
  const ends = database.prepare(`SELECT ifnull(min(ordinal), 0) AS first, ifnull(max(ordinal), -1) AS last FROM ${table}`);
  const next = database.prepare(`SELECT ordinal, recordedAtMs FROM ${table} WHERE ordinal >= ? ORDER BY ordinal LIMIT 1`);

  return (instantMs) => {
    const found = ends.get();
    let [low, high] = [Number(found?.['first']), Number(found?.['last']) + 1];
    // All before `low` are too early, and what stands at `high` and beyond is not.
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = next.get(middle);
      if (row === undefined || Number(row['recordedAtMs']) >= instantMs) high = middle;
      else low = Number(row['ordinal']) + 1;
    }
    return low;
  };
}
