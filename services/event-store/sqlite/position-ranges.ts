/**
 * Which parts of the log a filter has to look at. Events that expire (most of the log, in time) stand in groups of one
 * category each, so the list of groups is an index: a reader of environments never walks over the polls between them.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Direction, EventFilter } from '../port.ts';
import { categoryOf } from '../category.ts';
import { keptCategoryId } from './schema.ts';

/** Lowest and highest position, both inclusive. */
export type PositionRange = readonly [number, number];

export interface PositionRanges {
  /**
   * The next ranges to read, in the direction of reading: at most about `maxPositions` positions between `from` and `to`.
   * `scannedTo` is the last position that needs no further look: all before it in that direction is in the ranges, or can't match.
   */
  next(
    direction: Direction,
    from: number,
    to: number,
    filter: EventFilter | undefined,
    maxPositions: number,
  ): { readonly ranges: readonly PositionRange[]; readonly scannedTo: number };
}

/** Over a reading connection. Looks up `lookahead` groups of each category at a time. */
export function createPositionRanges(database: DatabaseSync, lookahead = 256): PositionRanges {
  const categories = database.prepare('SELECT id, name, removed_before FROM categories');
  const groupAt = database.prepare('SELECT max(first_position) AS first FROM event_groups WHERE first_position <= ?');
  const forwards = database.prepare(
    `SELECT first_position, last_position FROM event_groups
     WHERE category = ? AND first_position BETWEEN ? AND ? ORDER BY first_position ASC LIMIT ${lookahead}`,
  );
  const backwards = database.prepare(
    `SELECT first_position, last_position FROM event_groups
     WHERE category = ? AND first_position BETWEEN ? AND ? ORDER BY first_position DESC LIMIT ${lookahead}`,
  );

  return {
    next: (direction, from, to, filter, maxPositions) => {
      const isForwards = direction === 'forwards';
      const rows = categories.all().map((row) => ({
        id: Number(row['id']),
        name: String(row['name']),
        removedBefore: Number(row['removed_before']),
      }));
      const wanted = rows.filter(({ id, name }) => id === keptCategoryId || mayMatch(filter, name));
      const low = Math.min(from, to);
      const high = Math.max(from, to);
      if (wanted.length === rows.length) return clip([[low, high]], isForwards, from, to, maxPositions);

      const groupOfLow = Number(groupAt.get(low)?.['first'] ?? 0);
      const found: PositionRange[] = [];
      // A category with more groups than were looked up limits how far the ranges are complete.
      let horizon = to;
      for (const { id, removedBefore } of wanted) {
        // A half-removed group begins before what was removed.
        const groupOfRemoved = removedBefore === 0 ? 0 : Number(groupAt.get(removedBefore)?.['first'] ?? 0);
        const groups = (isForwards ? forwards : backwards).all(id, Math.max(groupOfLow, groupOfRemoved), high);
        for (const group of groups) found.push([Number(group['first_position']), Number(group['last_position'])]);
        const last = found.at(-1);
        if (groups.length === lookahead && last !== undefined) {
          horizon = isForwards ? Math.min(horizon, last[1]) : Math.max(horizon, last[0]);
        }
      }
      const ranges: PositionRange[] = [];
      found.sort((a, b) => (isForwards ? a[0] - b[0] : b[0] - a[0]));
      for (const [first, last] of found) {
        const clipped: PositionRange = [
          Math.max(first, isForwards ? from : horizon),
          Math.min(last, isForwards ? horizon : from),
        ];
        if (clipped[0] > clipped[1]) continue;
        const previous = ranges.at(-1);
        if (isForwards && previous?.[1] === clipped[0] - 1) ranges[ranges.length - 1] = [previous[0], clipped[1]];
        else if (!isForwards && previous?.[0] === clipped[1] + 1) ranges[ranges.length - 1] = [clipped[0], previous[1]];
        else ranges.push(clipped);
      }
      return clip(ranges, isForwards, from, horizon, maxPositions);
    },
  };
}

/** Takes ranges until they hold so many positions. */
function clip(
  ranges: readonly PositionRange[],
  isForwards: boolean,
  from: number,
  horizon: number,
  maxPositions: number,
): ReturnType<PositionRanges['next']> {
  const taken: PositionRange[] = [];
  let left = maxPositions;
  for (const [low, high] of ranges) {
    const size = high - low + 1;
    if (size <= left) {
      taken.push([low, high]);
      left -= size;
      continue;
    }
    if (left > 0) taken.push(isForwards ? [low, low + left - 1] : [high - left + 1, high]);
    const last = taken.at(-1);
    const scannedTo = last === undefined ? from : isForwards ? last[1] : last[0];
    return { ranges: taken, scannedTo };
  }
  return { ranges: taken, scannedTo: horizon };
}

/** Whether a stream of this expiring category could pass the filter. */
function mayMatch(filter: EventFilter | undefined, category: string): boolean {
  if (filter === undefined || !('streamPrefixes' in filter)) return true;
  return filter.streamPrefixes.some((prefix) =>
    prefix.includes('-') ? categoryOf(prefix) === category : category.startsWith(prefix),
  );
}
