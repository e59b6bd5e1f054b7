/** Up to which revision a stream's events may be gone: by expiry, or because its metadata hides them. */
import type { DatabaseSync } from 'node:sqlite';
import { metadataStreamOf } from '../stream-metadata.ts';

/** Looks a stream up; -1 where nothing of it may be gone. Whoever was scavenged leaves a leaf in the roots, so that the bound need not be exact. */
export function createRemovedThrough(database: DatabaseSync): (stream: string) => number {
  const row = database.prepare('SELECT id, tombstoned, removed_through FROM streams WHERE name = ?');
  const newest = database.prepare('SELECT max(revision) AS revision FROM events WHERE stream = ?');
  const anyLeaf = database.prepare('SELECT 1 FROM removed_leaves LIMIT 1');
  return (stream) => {
    const found = row.get(stream);
    if (found === undefined) return -1;
    const isScavenged = (found['tombstoned'] !== 0 || row.get(metadataStreamOf(stream)) !== undefined) && anyLeaf.get() !== undefined;
    const through = Number(found['removed_through']);
    // A stream's last event always stays.
    return isScavenged ? Math.max(through, Number(newest.get(Number(found['id']))?.['revision'] ?? 0) - 1) : through;
  };
}
