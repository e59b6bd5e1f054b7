/** How finely the fleet's counts are kept, and for how long: finer while they are young. */

export interface FleetLevel {
  readonly bucketSeconds: number;
  /** How long its buckets are kept; undefined for ever. Whole buckets of the next level. */
  readonly keptSeconds: number | undefined;
}

const [minute, hour, day] = [60, 3600, 86_400];

/** From fine to coarse. */
export const fleetLevels: readonly [FleetLevel, ...FleetLevel[]] = [
  { bucketSeconds: minute, keptSeconds: 2 * day },
  { bucketSeconds: 15 * minute, keptSeconds: 30 * day },
  { bucketSeconds: 6 * hour, keptSeconds: 366 * day },
  { bucketSeconds: day, keptSeconds: undefined },
];

/** The first second that is kept of a level when it is `nowSeconds` (both since 1970), where a bucket of every coarser level begins. */
export function keptFrom({ keptSeconds }: FleetLevel, nowSeconds: number): number {
  return keptSeconds === undefined ? 0 : Math.floor((nowSeconds - keptSeconds) / day) * day;
}
