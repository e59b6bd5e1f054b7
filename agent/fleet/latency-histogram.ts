/** Counts durations in buckets that grow by eight per cent, so that those of several processes can be added up. */

const LEAST_MS = 0.05;
const GROWTH = 1.08;
/** Up to four minutes; what takes longer counts as that. */
const BUCKETS = 200;

/** How long things took, to eight per cent. */
export interface LatencyHistogram {
  /** Milliseconds. */
  record(ms: number): void;
  /** How many fell into each bucket since the start. */
  counts(): number[];
}

/** Creates an empty one. */
export function createLatencyHistogram(): LatencyHistogram {
  const counts = new Array<number>(BUCKETS).fill(0);
  return {
    record(ms) {
      const bucket = Math.min(BUCKETS - 1, Math.max(0, Math.ceil(Math.log(ms / LEAST_MS) / Math.log(GROWTH))));
      counts[bucket] = (counts[bucket] ?? 0) + 1;
    },
    counts: () => [...counts],
  };
}

/** The duration that a share (0 to 1) of them did not exceed, to within 8 %, in milliseconds; null where there are none. */
export function latencyQuantile(counts: readonly number[], share: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let seen = 0;
  const bucket = counts.findIndex((count) => (seen += count) >= share * total);
  return Number((LEAST_MS * GROWTH ** bucket).toPrecision(3));
}
