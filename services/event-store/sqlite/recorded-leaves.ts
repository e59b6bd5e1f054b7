/** Reads the events of a range of positions with their leaf hashes, and the leaf hashes of those that were removed one by one. */
import type { DatabaseSync } from 'node:sqlite';
import { digestFromBytes, leafHash, type Digest, type LeafFields } from './merkle.ts';

export interface RecordedLeaves {
  /** By position, ascending. Names that are not there any more are empty. */
  events(first: number, last: number): readonly LeafFields[];
  /** Leaf hashes of removed events by position. */
  removed(first: number, last: number): ReadonlyMap<number, Digest>;
}

/** Over any connection. */
export function createRecordedLeaves(database: DatabaseSync): RecordedLeaves {
  const events = database.prepare(
    `SELECT position, coalesce(streams.name, '') AS stream, revision, events.id AS id, coalesce(types.name, '') AS type, created, data, metadata
     FROM events LEFT JOIN streams ON streams.id = events.stream LEFT JOIN types ON types.id = events.type
     WHERE position BETWEEN ? AND ? ORDER BY position`,
  );
  const removed = database.prepare('SELECT position, leaf FROM removed_leaves WHERE position BETWEEN ? AND ?');
  return {
    events: (first, last) =>
      events.all(first, last).map((row) => ({
        position: Number(row['position']),
        stream: String(row['stream']),
        revision: Number(row['revision']),
        id: String(row['id']),
        type: String(row['type']),
        createdAtMs: Number(row['created']),
        data: String(row['data']),
        metadata: String(row['metadata']),
      })),
    removed: (first, last) => new Map(removed.all(first, last).map((row) => [Number(row['position']), digestFromBytes(row['leaf'])])),
  };
}

/** The leaf of each position from `first` to `last`, or undefined where the event is gone. */
export function leavesOf({ events, removed }: RecordedLeaves, first: number, last: number): (Digest | undefined)[] {
  const leaves: (Digest | undefined)[] = Array.from({ length: last - first + 1 });
  for (const [position, leaf] of removed(first, last)) leaves[position - first] = leaf;
  for (const event of events(first, last)) leaves[event.position - first] = leafHash(event);
  return leaves;
}
