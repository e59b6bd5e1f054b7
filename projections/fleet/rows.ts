/** The table of the fleet projection. */

/** What the fleet is counted by: environments by status and platform, agents by version, tunnels by state. */
export type FleetDimension = 'status' | 'platform' | 'version' | 'tunnel';

/** A bucket in which a count changed; before and after it, it stayed as the buckets around say. */
export interface FleetBucketRow {
  readonly bucketSeconds: number;
  readonly dimension: FleetDimension;
  readonly value: string;
  /** In seconds since 1970. */
  readonly startsAt: number;
  readonly lowest: number;
  readonly highest: number;
  /** At the bucket's end. */
  readonly last: number;
}

export const fleetSchema = `
  CREATE TABLE fleet_counts (bucketSeconds INTEGER NOT NULL, dimension TEXT NOT NULL, value TEXT NOT NULL, startsAt INTEGER NOT NULL,
    lowest INTEGER NOT NULL, highest INTEGER NOT NULL, last INTEGER NOT NULL, PRIMARY KEY (bucketSeconds, dimension, value, startsAt)) STRICT, WITHOUT ROWID;
`;
