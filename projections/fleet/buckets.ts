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
  /** By dimension and value, the newest bucket of each level. */
  const current = new Map<string, Mutable<FleetBucketRow>[]>();
  const changed = new Set<FleetBucketRow>();
  /** The newest time seen, and the day up to which what has aged was removed. */
  let seenSeconds = 0;
  let prunedDay = 0;

  function newestBuckets(dimension: FleetDimension, value: string): Mutable<FleetBucketRow>[] {
    const key = `${dimension} ${value}`;
    let buckets = current.get(key);
    if (buckets === undefined) {
      const none = { dimension, value, startsAt: -1, lowest: 0, highest: 0, last: 0 };
      buckets = fleetLevels.map(({ bucketSeconds }) => (newest.get(bucketSeconds, dimension, value) as Mutable<FleetBucketRow> | undefined) ?? { ...none, bucketSeconds });
      current.set(key, buckets);
    }
    return buckets;
  }

  return {
    add(dimension, value, by, atSeconds) {
      seenSeconds = atSeconds;
      const buckets = newestBuckets(dimension, value);
      buckets.forEach((newestOne, level) => {
        const { bucketSeconds, last } = newestOne;
        const startsAt = atSeconds - (atSeconds % bucketSeconds);
        const bucket = newestOne.startsAt === startsAt ? newestOne : { bucketSeconds, dimension, value, startsAt, lowest: last, highest: last, last };
        bucket.last += by;
        bucket.lowest = Math.min(bucket.lowest, bucket.last);
        bucket.highest = Math.max(bucket.highest, bucket.last);
        buckets[level] = bucket;
        changed.add(bucket);
      });
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
