/** Writes the rows of a log that came from elsewhere as they were: positions, revisions, groups and chain. */
import type { DatabaseSync } from 'node:sqlite';
import type { ArchivedGroup, ArchivedRemoval, LogRebuild } from '../log-archive.ts';
import { tombstoneEventType } from '../stream-metadata.ts';

/** Rows of one transaction. */
const transactionRows = 50_000;

/**
 * Over the connection of an empty log, which nobody else uses. The rows are taken as they are: whether they fit together is verification's to say.
 */
export function createLogRebuild(database: DatabaseSync): LogRebuild {
  const streams = new Map<string, number>();
  const types = new Map<string, number>();
  const categories = new Map<string, { readonly id: number; events: number }>([['', { id: 0, events: 0 }]]);
  const insertStream = database.prepare('INSERT INTO streams (id, name, removed_check) VALUES (?, ?, 0)');
  const insertType = database.prepare('INSERT INTO types (id, name) VALUES (?, ?)');
  const insertCategory = database.prepare('INSERT INTO categories (id, name) VALUES (?, ?)');
  const insertGroup = database.prepare(
    `INSERT OR IGNORE INTO event_groups (first_position, last_position, category, created, events_so_far, bytes_so_far, root, chain, checks, totals_check)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ~(?4 + ?5 + ?6))`,
  );
  const insertLeaf = database.prepare('INSERT OR IGNORE INTO removed_leaves (position, leaf) VALUES (?, ?)');
  const insertEvent = database.prepare('INSERT OR IGNORE INTO events (position, stream, revision, type, created, id, data, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  const removeThrough = database.prepare('UPDATE streams SET removed_through = ?1, removed_check = ~?1 WHERE id = ?2');
  const removeBefore = database.prepare('UPDATE categories SET removed_before = ?1, removed_check = ~?1 WHERE id = ?2');
  let rows = 0;

  const row = (): void => {
    if (!database.isTransaction) database.exec('BEGIN IMMEDIATE');
    rows += 1;
    if (rows % transactionRows === 0) database.exec('COMMIT; BEGIN IMMEDIATE');
  };
  const idOf = (known: Map<string, number>, insert: typeof insertStream, name: string): number => {
    const found = known.get(name);
    if (found !== undefined) return found;
    const id = known.size + 1;
    insert.run(id, name);
    known.set(name, id);
    return id;
  };
  const categoryOf = (name: string): { readonly id: number; events: number } => {
    const found = categories.get(name);
    if (found !== undefined) return found;
    const made = { id: categories.size, events: 0 };
    insertCategory.run(made.id, name);
    categories.set(name, made);
    return made;
  };

  return {
    addGroup: ({ first, last, category, createdAtMs, bytesSoFar, root, chain, checks, leaves }: ArchivedGroup) => {
      row();
      const totals = categoryOf(category);
      totals.events += last - first + 1;
      const added = insertGroup.run(first, last, totals.id, createdAtMs, totals.events, bytesSoFar, Buffer.from(root, 'hex'), Buffer.from(chain, 'hex'), Buffer.from(checks, 'base64'));
      for (const [position, leaf] of leaves) insertLeaf.run(position, Buffer.from(leaf, 'hex'));
      return added.changes > 0;
    },
    addEvent: ({ position, stream, revision, type, createdAtMs, id, data, metadata }) => {
      row();
      return insertEvent.run(position, idOf(streams, insertStream, stream), revision, idOf(types, insertType, type), createdAtMs, id, data, metadata).changes > 0;
    },
    finish: ({ categories: removed, streams: removedStreams }: ArchivedRemoval) => {
      row();
      for (const { category, before } of removed) removeBefore.run(before, categoryOf(category).id);
      for (const { stream, through } of removedStreams) removeThrough.run(through, idOf(streams, insertStream, stream));
      // The default is the check of none at all.
      database.exec('UPDATE streams SET removed_check = ~removed_through');
      database
        .prepare(
          `UPDATE streams SET tombstoned = 1 WHERE
           (SELECT types.name FROM events JOIN types ON types.id = events.type WHERE events.stream = streams.id ORDER BY revision DESC LIMIT 1) = ?`,
        )
        .run(tombstoneEventType);
      database.exec('COMMIT');
    },
  };
}
