/** Removes events in small transactions between the appends; runs in the writer's thread. */
import type { DatabaseSync } from 'node:sqlite';
import type { ExpiryRequest, RemovalResult } from '../log-maintenance.ts';
import { EventStoreError } from '../port.ts';
import { decodeStreamMetadata } from '../stream-metadata.ts';
import { digestToBytes, leafHash } from './merkle.ts';
import type { StreamHead, StreamHeads } from './stream-heads.ts';

/** Positions removed in one transaction: about 10 ms, which is what an append may have to wait. */
const chunkSize = 1_000;

/** After a chunk the writer belongs to the appends for so many times as long as the chunk took. */
const restFactor = 3;

export interface RetentionDeps {
  readonly expiringCategories: readonly string[];
  readonly heads: StreamHeads;
  now(): number;
}

export interface Retention {
  expire(request: ExpiryRequest): Promise<RemovalResult>;
  scavenge(): Promise<RemovalResult>;
  /** Ends removals after their present chunk, by `event-store-unavailable`. */
  stop(): void;
}

/** Removals over the writer's own connection, one at a time. */
export function createRetention(database: DatabaseSync, deps: RetentionDeps): Retention {
  const categoryRow = database.prepare('SELECT id, removed_before FROM categories WHERE name = ?');
  const newestGroup = database.prepare(
    'SELECT events_so_far, bytes_so_far FROM event_groups WHERE category = ? ORDER BY first_position DESC LIMIT 1',
  );
  const groupsFrom = database.prepare(
    `SELECT first_position, last_position, created, events_so_far, bytes_so_far FROM event_groups
     WHERE category = ?1 AND first_position >=
       coalesce((SELECT max(first_position) FROM event_groups WHERE category = ?1 AND first_position <= ?2), 0)
     ORDER BY first_position LIMIT ${chunkSize}`,
  );
  const keepNumbering = database.prepare(
    `UPDATE streams SET removed_through = max(removed_through, gone.revision)
     FROM (SELECT stream, max(revision) AS revision FROM events WHERE position BETWEEN ? AND ? GROUP BY stream) AS gone
     WHERE streams.id = gone.stream`,
  );
  const removeRange = database.prepare('DELETE FROM events WHERE position BETWEEN ? AND ?');
  const removeLeaves = database.prepare('DELETE FROM removed_leaves WHERE position BETWEEN ? AND ?');
  const markRemoved = database.prepare('UPDATE categories SET removed_before = ? WHERE id = ?');
  const oldestOfStream = database.prepare(
    `SELECT position, revision, types.name AS type, created, events.id AS id, data, metadata
     FROM events JOIN types ON types.id = events.type WHERE stream = ? AND revision < ? ORDER BY revision LIMIT ${chunkSize}`,
  );
  const removeEvent = database.prepare('DELETE FROM events WHERE position = ?');
  const keepLeaf = database.prepare('INSERT OR REPLACE INTO removed_leaves (position, leaf) VALUES (?, ?)');
  const tombstoned = database.prepare('SELECT name FROM streams WHERE tombstoned = 1');
  let isStopped = false;
  let queue: Promise<unknown> = Promise.resolve();

  const inTransaction = <T>(work: () => T): T => {
    database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      database.exec('COMMIT');
      return result;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };

  /** Repeats a step, which answers how many events it removed or undefined when nothing is left, at the appends' leisure. */
  const inChunks = (step: () => number | undefined): Promise<RemovalResult> => {
    const run = async (): Promise<RemovalResult> => {
      let events = 0;
      for (;;) {
        if (isStopped) throw new EventStoreError('event-store-unavailable', 'The event store is closing.');
        const startedAt = performance.now();
        const removed = step();
        if (removed === undefined) return { events };
        events += removed;
        const restMs = restFactor * (performance.now() - startedAt);
        await new Promise((resolve) => setTimeout(resolve, restMs));
      }
    };
    const result = queue.then(run);
    queue = result.catch(() => undefined);
    return result;
  };

  /** The range of the next chunk of a category's oldest events, or undefined where the oldest may stay. */
  const nextExpiredRange = (categoryId: number, from: number, request: ExpiryRequest): readonly [number, number] | undefined => {
    const totals = newestGroup.get(categoryId);
    const eventsToGo = Number(totals?.['events_so_far'] ?? 0) - (request.keepEvents ?? Number.POSITIVE_INFINITY);
    const bytesToGo = Number(totals?.['bytes_so_far'] ?? 0) - (request.keepBytes ?? Number.POSITIVE_INFINITY);
    let first: number | undefined;
    let last = 0;
    for (const group of groupsFrom.iterate(categoryId, from)) {
      const isExpired =
        Number(group['created']) < (request.recordedBeforeMs ?? 0) ||
        Number(group['events_so_far']) <= eventsToGo ||
        Number(group['bytes_so_far']) <= bytesToGo;
      if (!isExpired) break;
      const groupLast = Number(group['last_position']);
      if (groupLast < from) continue;
      first ??= Math.max(from, Number(group['first_position']));
      // Between two groups of a category may lie other categories' events: a chunk is one group, or part of one.
      last = Math.min(groupLast, first + chunkSize - 1);
      break;
    }
    return first === undefined ? undefined : [first, last];
  };

  const expireChunk = (request: ExpiryRequest): number | undefined =>
    inTransaction(() => {
      let removed = 0;
      let isDone = true;
      while (removed < chunkSize) {
        const category = categoryRow.get(request.category);
        if (category === undefined) break;
        const range = nextExpiredRange(Number(category['id']), Number(category['removed_before']), request);
        if (range === undefined) break;
        isDone = false;
        keepNumbering.run(...range);
        removed += Number(removeRange.run(...range).changes);
        removeLeaves.run(...range);
        markRemoved.run(range[1] + 1, Number(category['id']));
      }
      return isDone ? undefined : removed;
    });

  /** Events of the stream below this revision may go, and younger ones too if they were recorded before this instant. */
  const scavengeBound = (head: StreamHead): { readonly revision: number; readonly recordedBeforeMs: number } => {
    if (head.tombstoned || head.softDeleted) return { revision: head.revision, recordedBeforeMs: 0 };
    const { maxAge, maxCount, truncateBefore } = decodeStreamMetadata(head.metadata ?? '{}');
    const byCount = maxCount === undefined ? 0 : head.revision - maxCount + 1;
    return {
      revision: Math.min(head.revision, Math.max(0, byCount, truncateBefore ?? 0)),
      recordedBeforeMs: maxAge === undefined ? 0 : deps.now() - maxAge * 1_000,
    };
  };

  const scavengeChunk = (head: StreamHead): number =>
    inTransaction(() => {
      const bound = scavengeBound(head);
      let removed = 0;
      for (const row of oldestOfStream.all(head.id, head.revision)) {
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
    });

  return {
    expire: (request) => {
      if (!deps.expiringCategories.includes(request.category)) {
        return Promise.reject(new RangeError(`Events of the category "${request.category}" stay for ever.`));
      }
      return inChunks(() => expireChunk(request));
    },
    scavenge: () => {
      const heads = new Set(deps.heads.withMetadata());
      for (const row of tombstoned.iterate()) heads.add(deps.heads.of(String(row['name'])));
      const left = [...heads].filter((head) => head.id !== 0);
      return inChunks(() => {
        const head = left.at(-1);
        if (head === undefined) return undefined;
        const removed = scavengeChunk(head);
        if (removed < chunkSize) left.pop();
        return removed;
      });
    },
    stop: () => {
      isStopped = true;
    },
  };
}
