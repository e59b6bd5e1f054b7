/** Counts in buckets of several levels; only the bucket of each level in which something changes is kept in memory. */
import type { DatabaseSync } from 'node:sqlite';
import { fleetLevels, keptFrom } from './levels.ts';
import type { FleetBucketRow, FleetDimension } from './rows.ts';

export interface FleetBuckets {
  /** A count changes at a time, in seconds since 1970, that never goes back. */
  add(dimension: FleetDimension, value: string, by: number, atSeconds: number): void;
  write(): void;
  committed(): void;
}

type Mutable<Row> = { -readonly [Key in keyof Row]: Row[Key] };

/** Prepares counting, going on from what the file holds. */
export function createFleetBuckets(database: DatabaseSync): FleetBuckets {
  const newest = database.prepare(
    'SELECT * FROM fleet_counts WHERE bucketSeconds = ? AND dimension = ? AND value = ? ORDER BY startsAt DESC LIMIT 1',
  );
  const save = database.prepare('INSERT OR REPLACE INTO fleet_counts VALUES (?, ?, ?, ?, ?, ?, ?)');
  const remove = database.prepare('DELETE FROM fleet_counts WHERE bucketSeconds = ? AND startsAt < ?');
  /** The newest bucket by level, dimension and value. */
  const current = new Map<string, Mutable<FleetBucketRow>>();
  const changed = new Set<FleetBucketRow>();
  /** The newest time seen; undefined until the first change, which removes what has aged meanwhile. */
  let seenSeconds = 0;
  let prunedDay = 0;

  function bucketOf(bucketSeconds: number, dimension: FleetDimension, value: string, startsAt: number): Mutable<FleetBucketRow> {
    const key = `${bucketSeconds} ${dimension} ${value}`;
    const found = current.get(key) ?? (newest.get(bucketSeconds, dimension, value) as Mutable<FleetBucketRow> | undefined);
    if (found?.startsAt === startsAt) {
      current.set(key, found);
      return found;
    }
    const last = found?.last ?? 0;
    const next = { bucketSeconds, dimension, value, startsAt, lowest: last, highest: last, last };
    current.set(key, next);
    return next;
  }

  return {
    add(dimension, value, by, atSeconds) {
      seenSeconds = atSeconds;
      for (const { bucketSeconds } of fleetLevels) {
        const bucket = bucketOf(bucketSeconds, dimension, value, Math.floor(atSeconds / bucketSeconds) * bucketSeconds);
        bucket.last += by;
        bucket.lowest = Math.min(bucket.lowest, bucket.last);
        bucket.highest = Math.max(bucket.highest, bucket.last);
        changed.add(bucket);
      }
    },

    write() {
      for (const { bucketSeconds, dimension, value, startsAt, lowest, highest, last } of changed) {
        save.run(bucketSeconds, dimension, value, startsAt, lowest, highest, last);
      }
      const today = Math.floor(seenSeconds / 86_400);
      if (today <= prunedDay) return;
      for (const level of fleetLevels) remove.run(level.bucketSeconds, keptFrom(level, seenSeconds));
      prunedDay = today;
    },

    committed: () => changed.clear(),
  };
}
