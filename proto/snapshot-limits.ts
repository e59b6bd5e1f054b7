/** How large a snapshot may be on its way, which both ends keep to. */

/** Of an encoded Snapshot, and of it compressed. */
export const SNAPSHOT_BYTES = 512 * 1024;
/** Of one chunk. */
export const SNAPSHOT_CHUNK_BYTES = 48 * 1024;
/** From the hello to the answer, in milliseconds; what takes longer has failed. */
export const SNAPSHOT_CALL_MS = 20_000;
