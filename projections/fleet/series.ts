/** Puts counts over time together from the buckets in which they changed. */
import type { DatabaseSync } from 'node:sqlite';
import type { FleetHistory } from '../port.ts';
import { fleetLevels, keptFrom } from './levels.ts';
import type { FleetBucketRow, FleetDimension } from './rows.ts';

/** Times are in seconds since 1970. */
export interface SeriesAsked {
  readonly dimension: FleetDimension;
  /** Inclusive. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** What the points should be apart; they are further apart where the past is kept less finely. */
  readonly stepSeconds?: number;
  /** The time of the question, by which one knows how finely the past is kept. */
  readonly now: number;
}

/** Points of one series, at most. */
const pointsAtMost = 1500;
/** Series, at most: the largest. */
const seriesAtMost = 50;

/** How far apart the points are, and the level they are read from. */
function resolutionOf({ from, to, stepSeconds = 0, now }: SeriesAsked): { readonly step: number; readonly level: number } {
  const wanted = Math.max(stepSeconds, (to - from) / pointsAtMost);
  const kept = fleetLevels.findIndex((level) => from >= keptFrom(level, now));
  const fitting = fleetLevels.findLastIndex(({ bucketSeconds }) => bucketSeconds <= wanted);
  const level = Math.max(kept, fitting, 0);
  const { bucketSeconds } = fleetLevels[level] ?? fleetLevels[0];
  return { step: Math.max(1, Math.ceil(wanted / bucketSeconds)) * bucketSeconds, level };
}

/** Prepares the reading. */
export function createFleetSeries(database: DatabaseSync): (asked: SeriesAsked) => FleetHistory {
  const values = database.prepare('SELECT DISTINCT value FROM fleet_counts WHERE bucketSeconds = ? AND dimension = ?');
  const before = database.prepare(
    'SELECT last FROM fleet_counts WHERE bucketSeconds = ? AND dimension = ? AND value = ? AND startsAt <= ? ORDER BY startsAt DESC LIMIT 1',
  );
  const within = database.prepare(
    'SELECT * FROM fleet_counts WHERE bucketSeconds = ? AND dimension = ? AND value = ? AND startsAt >= ? AND startsAt < ? ORDER BY startsAt',
  );

  /**
   * The count when `at` came. A bucket that has ended by then says it; where a level has none, nothing changed since the level was
   * last cut back, which was where buckets of all coarser levels end.
   */
  function countAt(level: number, dimension: FleetDimension, value: string, at: number): number {
    for (const { bucketSeconds } of fleetLevels.slice(level)) {
      const row = before.get(bucketSeconds, dimension, value, at - bucketSeconds);
      if (row !== undefined) return Number(row['last']);
    }
    return 0;
  }

  return (asked) => {
    const { dimension, to } = asked;
    const { step, level } = resolutionOf(asked);
    const { bucketSeconds } = fleetLevels[level] ?? fleetLevels[0];
    const from = Math.floor(asked.from / step) * step;
    const starts = Array.from({ length: Math.max(0, Math.ceil((to - from) / step)) }, (_, index) => from + index * step);
    const coarsest = fleetLevels.at(-1) ?? fleetLevels[0];

    const series = values.all(coarsest.bucketSeconds, dimension).map((found) => {
      const value = String(found['value']);
      const rows = within.all(bucketSeconds, dimension, value, from, to) as unknown as FleetBucketRow[];
      const points = { value, last: [] as number[], lowest: [] as number[], highest: [] as number[] };
      let count = countAt(level, dimension, value, from);
      let next = 0;
      for (const start of starts) {
        let [lowest, highest] = [count, count];
        for (let row = rows[next]; row !== undefined && row.startsAt < start + step; row = rows[++next]) {
          count = row.last;
          lowest = Math.min(lowest, row.lowest);
          highest = Math.max(highest, row.highest);
        }
        points.last.push(count);
        points.lowest.push(lowest);
        points.highest.push(highest);
      }
      return { peak: Math.max(0, ...points.highest), points };
    });

    const shown = series.filter(({ peak }) => peak > 0).sort((a, b) => b.peak - a.peak || (a.points.value < b.points.value ? -1 : 1));
    return { by: dimension, stepSeconds: step, at: starts.map((start) => new Date(start * 1000).toISOString()), series: shown.slice(0, seriesAtMost).map(({ points }) => points) };
  };
}
