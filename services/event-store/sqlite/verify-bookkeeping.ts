/** Verifies what the store keeps beside events and chain: names, numbering, what was removed, and SQLite's own structures. */
import type { DatabaseSync } from 'node:sqlite';
import { tombstoneEventType } from '../stream-metadata.ts';
import type { LogProblem } from '../log-verification.ts';

/** Reads the tables and lets SQLite check every page of the file that holds something. */
export function verifyBookkeeping(database: DatabaseSync): LogProblem[] {
  const named = (sql: string, message: (row: Record<string, unknown>) => string, ...parameters: string[]): LogProblem[] =>
    database
      .prepare(sql)
      .all(...parameters)
      .map((row) => ({ kind: 'bookkeeping', message: message(row) }));
  const newestType = 'SELECT types.name FROM events JOIN types ON types.id = events.type WHERE events.stream = streams.id ORDER BY revision DESC LIMIT 1';
  return [
    ...named('SELECT name FROM streams WHERE removed_check <> ~removed_through LIMIT 10', ({ name }) => `How far the stream ${String(name)} was removed is not what was noted.`),
    ...named('SELECT name FROM categories WHERE removed_check <> ~removed_before LIMIT 10', ({ name }) => `How far the category ${String(name)} was removed is not what was noted.`),
    ...named(
      `SELECT name, tombstoned FROM streams WHERE tombstoned <> coalesce((${newestType}) = ?, 0) LIMIT 10`,
      ({ name, tombstoned }) => `The stream ${String(name)} is marked as ${tombstoned === 0 ? 'living, and its last event deletes it' : 'deleted, and no event says so'}.`,
      tombstoneEventType,
    ),
    ...named(
      `SELECT count(*) AS count FROM removed_leaves WHERE position IN (SELECT position FROM events) OR position > (SELECT coalesce(max(last_position), 0) FROM event_groups) OR position < 1 HAVING count(*) > 0`,
      ({ count }) => `Hashes of ${String(count)} removed events stand where none was removed.`,
    ),
    ...structure(database),
  ];
}

function structure(database: DatabaseSync): LogProblem[] {
  return database
    .prepare('PRAGMA integrity_check(20)')
    .all()
    .map((row) => String(row['integrity_check']))
    .filter((result) => result !== 'ok')
    .map((result) => ({ kind: 'file', message: `SQLite finds the file damaged: ${result.replaceAll('\n', '; ')}.` }));
}
