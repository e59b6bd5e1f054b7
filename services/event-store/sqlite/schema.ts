/** The tables of the log, and how its file is opened for writing and for reading. */
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { EventStoreError } from '../port.ts';
import { toEventStoreError } from './sqlite-errors.ts';
import { formatTwoColumns, upgradeFromOne } from './upgrade.ts';

/** "HPEL", so that `file` and SQLite's tools can tell a log from another database. */
const applicationId = 0x4850454c;
const formatVersion = 2;

/** The category id of groups whose events stay for ever. */
export const keptCategoryId = 0;

const tables = `
  CREATE TABLE streams (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    tombstoned INTEGER NOT NULL DEFAULT 0,
    removed_through INTEGER NOT NULL DEFAULT -1
  ) STRICT;
  CREATE TABLE types (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE categories (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    removed_before INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    type INTEGER NOT NULL,
    created INTEGER NOT NULL,
    id TEXT NOT NULL,
    data TEXT NOT NULL,
    metadata TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX events_by_stream ON events (stream, revision);
  CREATE TABLE event_groups (
    first_position INTEGER PRIMARY KEY,
    last_position INTEGER NOT NULL,
    category INTEGER NOT NULL,
    created INTEGER NOT NULL,
    events_so_far INTEGER NOT NULL,
    bytes_so_far INTEGER NOT NULL,
    root BLOB NOT NULL,
    chain BLOB NOT NULL
  ) STRICT;
  CREATE INDEX event_groups_by_category ON event_groups (category);
  CREATE TABLE removed_leaves (position INTEGER PRIMARY KEY, leaf BLOB NOT NULL) STRICT;
  INSERT INTO categories (id, name) VALUES (${keptCategoryId}, '');
  ${formatTwoColumns}
`;

export interface OpenForWritingOptions {
  /** The file may grow to so many pages (4 KiB each); a test's disk full. Unbounded by default. */
  readonly maxPages?: number;
}

/** Opens the log, makes it where there is none, and brings the file of an earlier version up to date. Throws {@link EventStoreError} `event-store-unavailable` or `event-store-corrupt`. */
export function openForWriting(file: string, options: OpenForWritingOptions = {}): DatabaseSync {
  return opening(file, () => {
    // SQLite would make it readable for others, and takes these permissions over for the files beside it.
    closeSync(openSync(file, 'a', 0o600));
    const database = new DatabaseSync(file, { timeout: 5_000 });
    try {
      database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -65536;');
      database.exec('PRAGMA journal_size_limit = 67108864;');
      if (options.maxPages !== undefined) database.exec(`PRAGMA max_page_count = ${options.maxPages}`);
      if (pragma(database, 'application_id') === 0 && pragma(database, 'schema_version') === 0) {
        database.exec(`BEGIN IMMEDIATE; ${tables} PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${formatVersion}; COMMIT;`);
      }
      if (pragma(database, 'application_id') === applicationId && pragma(database, 'user_version') === 1) upgradeFromOne(database);
      checkFormat(file, database);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/** Opens an existing log for reading. Throws as {@link openForWriting} does. */
export function openForReading(file: string | URL): DatabaseSync {
  const path = typeof file === 'string' ? file : fileURLToPath(file);
  return opening(path, () => {
    const database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
    try {
      database.exec('PRAGMA cache_size = -32768;');
      checkFormat(path, database);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/**
 * An empty log in a file of its own that nobody else sees, gone when it is closed: SQLite keeps it in memory as long as it is small. Events that claim
 * the same place in a stream are taken, too: it is for verification.
 */
export function openScratch(): DatabaseSync {
  const database = new DatabaseSync('');
  database.exec(`PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; ${tables}`);
  database.exec('DROP INDEX events_by_stream; CREATE INDEX events_by_stream ON events (stream, revision)');
  return database;
}

function opening(file: string, open: () => DatabaseSync): DatabaseSync {
  try {
    return open();
  } catch (error) {
    throw toEventStoreError(error, `The event log ${file} can't be opened`);
  }
}

function checkFormat(file: string, database: DatabaseSync): void {
  if (pragma(database, 'application_id') !== applicationId) {
    throw new EventStoreError('event-store-corrupt', `${file} is no event log of Homeport.`);
  }
  const version = pragma(database, 'user_version');
  if (version !== formatVersion) {
    const isEarlier = version >= 1 && version < formatVersion;
    const advice = isEarlier ? 'Start serve once: it brings the file up to date.' : 'Use the version that wrote it, or a newer one.';
    throw new EventStoreError(isEarlier ? 'event-store-unavailable' : 'event-store-corrupt', `${file} has format ${version}; this version reads format ${formatVersion}. ${advice}`);
  }
}

function pragma(database: DatabaseSync, name: string): number {
  const row = database.prepare(`PRAGMA ${name}`).get();
  return Number(row?.[name]);
}
