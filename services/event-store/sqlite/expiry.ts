/** Removes a category's oldest events, by whole groups, a chunk at a time. */
import type { DatabaseSync } from 'node:sqlite';
import type { ExpiryRequest } from '../log-maintenance.ts';
import { storedBytes } from './kept-sizes.ts';

export interface Expiry {
  /** Removes the next chunk in the transaction under way. Answers how many events went, or undefined where the rest may stay. */
  removeChunk(request: ExpiryRequest): number | undefined;
}

/** What one chunk takes of a group. */
interface PositionRange {
  readonly first: number;
  readonly last: number;
  /** The group of which nothing is left then. */
  readonly endedGroup: number | undefined;
}

/** Over the writer's connection; a chunk is so many positions. */
export function createExpiry(database: DatabaseSync, chunkSize: number): Expiry {
  const categoryRow = database.prepare('SELECT id, removed_before FROM categories WHERE name = ?');
  const newestGroup = database.prepare(
    'SELECT events_so_far, bytes_so_far FROM event_groups WHERE category = ? ORDER BY first_position DESC LIMIT 1',
  );
  /** The group of this category that holds the position, or the next one. */
  const groupFrom = database.prepare(
    `SELECT first_position, last_position, created, events_so_far, bytes_so_far FROM event_groups
     WHERE category = ?1 AND last_position >= ?2 AND first_position >=
       coalesce((SELECT max(first_position) FROM event_groups WHERE category = ?1 AND first_position <= ?2), 0)
     ORDER BY first_position LIMIT 1`,
  );
  const keepNumbering = database.prepare(
    `UPDATE streams SET removed_through = max(removed_through, gone.revision), removed_check = ~max(removed_through, gone.revision)
     FROM (SELECT stream, max(revision) AS revision FROM events WHERE position BETWEEN ? AND ? GROUP BY stream) AS gone
     WHERE streams.id = gone.stream`,
  );
  const removeEvents = database.prepare('DELETE FROM events WHERE position BETWEEN ? AND ?');
  const removeLeaves = database.prepare('DELETE FROM removed_leaves WHERE position BETWEEN ? AND ?');
  // A row that only shrinks leaves its room unused in its page, for ever; one that goes and comes again lets SQLite join the pages.
  const groupRow = database.prepare(
    'SELECT first_position, last_position, category, created, events_so_far, bytes_so_far, root, chain, totals_check FROM event_groups WHERE first_position = ?',
  );
  const removeGroup = database.prepare('DELETE FROM event_groups WHERE first_position = ?');
  const insertGroup = database.prepare(
    `INSERT INTO event_groups (first_position, last_position, category, created, events_so_far, bytes_so_far, root, chain, totals_check, checks)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, x'')`,
  );
  const markRemoved = database.prepare('UPDATE categories SET removed_before = ?1, removed_check = ~?1 WHERE id = ?2');

  /** Other categories' events lie between two groups: a range is one group, or part of one. */
  const nextRange = (categoryId: number, from: number, request: ExpiryRequest): PositionRange | undefined => {
    const totals = newestGroup.get(categoryId);
    const group = groupFrom.get(categoryId, from);
    if (totals === undefined || group === undefined) return undefined;
    const { recordedBeforeMs = 0, keepEvents = Number.POSITIVE_INFINITY, keepBytes = Number.POSITIVE_INFINITY } = request;
    const { throughPosition = Number.POSITIVE_INFINITY } = request;
    const groupFirst = Number(group['first_position']);
    const groupLast = Number(group['last_position']);
    if (groupLast > Number(throughPosition)) return undefined;
    const newerEvents = Number(totals['events_so_far']) - Number(group['events_so_far']);
    const newerBytes = storedBytes(newerEvents, Number(totals['bytes_so_far']) - Number(group['bytes_so_far']));
    if (Number(group['created']) >= recordedBeforeMs && newerEvents < keepEvents && newerBytes < keepBytes) return undefined;
    const first = Math.max(from, groupFirst);
    const last = Math.min(groupLast, first + chunkSize - 1);
    return { first, last, endedGroup: last === groupLast ? groupFirst : undefined };
  };

  const removeChecks = (firstPosition: number): void => {
    const row = groupRow.get(firstPosition);
    if (row === undefined) return;
    removeGroup.run(firstPosition);
    insertGroup.run(...Object.values(row));
  };

  return {
    removeChunk: (request) => {
      let removed: number | undefined;
      for (let considered = 0; considered < chunkSize; ) {
        const category = categoryRow.get(request.category);
        if (category === undefined) break;
        const range = nextRange(Number(category['id']), Number(category['removed_before']), request);
        if (range === undefined) break;
        const { first, last, endedGroup } = range;
        keepNumbering.run(first, last);
        removed = (removed ?? 0) + Number(removeEvents.run(first, last).changes);
        removeLeaves.run(first, last);
        if (endedGroup !== undefined) removeChecks(endedGroup);
        markRemoved.run(last + 1, Number(category['id']));
        considered += last - first + 1;
      }
      return removed;
    },
  };
}
