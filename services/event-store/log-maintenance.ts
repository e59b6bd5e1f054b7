/** What the embedded store can do beyond the port: remove what has expired. An EventStoreDB server does its own. */
import type { Position } from './port.ts';

/** Which events of one expiring category go. Each bound given removes more; events go oldest first, by whole groups. */
export interface ExpiryRequest {
  /** One of the categories that expire. */
  readonly category: string;
  /** Events recorded before this instant go (milliseconds since 1970). */
  readonly recordedBeforeMs?: number;
  /** So many of the newest events stay. */
  readonly keepEvents?: number;
  /** So many bytes of the newest events stay, as {@link KeptSize} counts them. */
  readonly keepBytes?: number;
  /** Nothing after this position goes, whatever the others say. */
  readonly throughPosition?: Position;
}

/** What a removal removed. */
export interface RemovalResult {
  readonly events: number;
}

/** What is there of a category. */
export interface KeptSize {
  readonly events: number;
  /** What they take in the file: data, metadata, and what the store keeps beside them. */
  readonly bytes: number;
}

export interface LogMaintenance {
  /**
   * Removes expired events in small chunks between the appends, and leaves their groups' Merkle roots. Revisions and positions
   * are never used again. Throws EventStoreError `event-store-unavailable`; RangeError where the category does not expire.
   */
  expire(request: ExpiryRequest): Promise<RemovalResult>;
  /** What is there of each category that expires; absent where nothing was ever recorded. Throws EventStoreError `event-store-unavailable`. */
  measure(): Promise<ReadonlyMap<string, KeptSize>>;
  /**
   * Removes what stream metadata hides ($maxAge, $maxCount, $tb, deleted streams), in small chunks. A stream's last event always stays, and
   * of each event removed its leaf hash, so that the roots of groups that lose only some can still be recomputed.
   */
  scavenge(): Promise<RemovalResult>;
}
