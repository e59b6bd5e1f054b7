/** Removes what stream metadata hides, a chunk at a time, and leaves the leaf hash of each event in its place. */
import type { DatabaseSync } from 'node:sqlite';
import { decodeStreamMetadata } from '../stream-metadata.ts';
import { digestToBytes, leafHash } from './merkle.ts';
import type { StreamHead, StreamHeads } from './stream-heads.ts';

export interface Scavenge {
  /** Removes the next chunk in the transaction under way. Answers how many events went, or undefined when all streams are done. */
  removeChunk(): number | undefined;
}

/** One pass over every stream that has metadata or a tombstone. `nowMs` is the instant that ages are counted from. */
export function startScavenge(database: DatabaseSync, heads: StreamHeads, chunkSize: number, nowMs: number): Scavenge {
  const oldestEvents = database.prepare(
    `SELECT position, revision, types.name AS type, created, events.id AS id, data, metadata
     FROM events JOIN types ON types.id = events.type WHERE stream = ? AND revision < ? ORDER BY revision LIMIT ?`,
  );
  const removeEvent = database.prepare('DELETE FROM events WHERE position = ?');
  const keepLeaf = database.prepare('INSERT OR REPLACE INTO removed_leaves (position, leaf) VALUES (?, ?)');
  const tombstoned = database.prepare('SELECT name FROM streams WHERE tombstoned = 1');

  const affected = new Set(heads.withMetadata());
  for (const row of tombstoned.all()) affected.add(heads.of(String(row['name'])));
  const left = [...affected].filter((head) => head.id !== 0);

  /** Removes the stream's oldest events that are below its bound, or too old; never its last. */
  const scavenge = (head: StreamHead): number => {
    const bound = boundOf(head, nowMs);
    let removed = 0;
    for (const row of oldestEvents.all(head.id, head.revision, chunkSize)) {
      const event = {
        position: Number(row['position']),
        stream: head.name,
        revision: Number(row['revision']),
        id: String(row['id']),
        type: String(row['type']),
        createdAtMs: Number(row['created']),
        data: String(row['data']),
        metadata: String(row['metadata']),
      };
      if (event.revision >= bound.revision && event.createdAtMs >= bound.recordedBeforeMs) break;
      keepLeaf.run(event.position, digestToBytes(leafHash(event)));
      removeEvent.run(event.position);
      removed += 1;
    }
    return removed;
  };

  return {
    removeChunk: () => {
      const head = left.at(-1);
      if (head === undefined) return undefined;
      const removed = scavenge(head);
      if (removed < chunkSize) left.pop();
      return removed;
    },
  };
}

/** Events below this revision may go, and those recorded before this instant. */
function boundOf(head: StreamHead, nowMs: number): { readonly revision: number; readonly recordedBeforeMs: number } {
  if (head.tombstoned || head.softDeleted) return { revision: head.revision, recordedBeforeMs: 0 };
  const { maxAge, maxCount, truncateBefore } = decodeStreamMetadata(head.metadata ?? '{}');
  return {
    revision: Math.max(0, maxCount === undefined ? 0 : head.revision - maxCount + 1, truncateBefore ?? 0),
    recordedBeforeMs: maxAge === undefined ? 0 : nowMs - maxAge * 1_000,
  };
}
