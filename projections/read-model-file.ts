/** The file of the read models: made where there is none, and made anew where it can't be used. It never holds anything that the log does not. */
import { createHash } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { checkpointSchema } from './checkpoint.ts';
import type { Projection } from './projection.ts';

/** "HPRM", so that `file` and SQLite's tools can tell read models from another database. */
const applicationId = 0x4850524d;

/** SQLite's result codes for a damaged file, and for one that is no database. */
const corruptCodes = new Set([11, 26]);

/** Whether an error of SQLite says that the file is damaged. Extended codes keep the plain one in their lower byte. */
export function isCorruption(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' && corruptCodes.has(error.errcode & 0xff);
}

export interface OpenedReadModel {
  readonly database: DatabaseSync;
  /** Why a file that was there had to go; undefined where none had. */
  readonly discarded: string | undefined;
  /** Whether another version of a projection wrote rows in it, into the very tables that this one has: they can be read, and are to be built anew. */
  readonly isOutdated: boolean;
}

/** What a file was built by. */
interface Build {
  /** Its tables and indexes: without the very same nothing in it can be asked for. */
  readonly schema: string;
  /** Who wrote its rows: another version of any projection is another. */
  readonly build: string;
}

function buildOf(projections: readonly Projection[]): Build {
  const schema = createHash('sha256').update(checkpointSchema);
  for (const one of projections) schema.update(`\n${one.name}\n${one.schema}`);
  const build = createHash('sha256');
  for (const { name, version } of projections) build.update(`\n${name}@${String(version)}`);
  return { schema: schema.digest('base64'), build: build.digest('base64') };
}

/**
 * Opens the file for the one thread that writes it. A file that is damaged, has other tables, or is no database at all is
 * deleted and made anew; a database of another program is left alone and the error names it.
 */
export function openReadModel(file: string, projections: readonly Projection[]): OpenedReadModel {
  const build = buildOf(projections);
  if (!existsSync(file)) return { database: create(file, projections, build), discarded: undefined, isOutdated: false };
  const opened = tryOpen(file, build);
  if (typeof opened !== 'string') return { ...opened, discarded: undefined };
  deleteReadModel(file);
  return { database: create(file, projections, build), discarded: opened, isOutdated: false };
}

/** Deletes the file and what SQLite keeps beside it. Whoever has it open must open it anew. */
export function deleteReadModel(file: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(file + suffix, { force: true });
}

/** Opens the file for queries; it must have been opened for writing before. */
export function openReadModelForQueries(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  database.exec('PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY;');
  return database;
}

/** The opened database, or why it can't be used. */
function tryOpen(file: string, { schema, build }: Build): Pick<OpenedReadModel, 'database' | 'isOutdated'> | string {
  let database: DatabaseSync | undefined;
  try {
    database = open(file);
    const id = Number(database.prepare('PRAGMA application_id').get()?.['application_id']);
    const tables = Number(database.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.['tables']);
    if (id !== applicationId && tables > 0) {
      throw new Error(`${file} is a database, but not one of Homeport's read models; move it away or name another file`);
    }
    // A file without tables is what a crash left behind while it was made.
    if (tables === 0) return close(database, 'it is empty');
    const found = database.prepare('SELECT * FROM read_model').get();
    if (found?.['schema'] !== schema) return close(database, 'another version built it, with other tables');
    return { database, isOutdated: found['build'] !== build };
  } catch (error) {
    database?.close();
    if (isCorruption(error)) return 'it is damaged';
    throw error;
  }
}

function close(database: DatabaseSync, reason: string): string {
  database.close();
  return reason;
}

function open(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 5_000 });
  try {
    // What a loss of power takes from it is read from the log again, so commits need not wait for the disk.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000;');
    database.exec('PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function create(file: string, projections: readonly Projection[], { schema, build }: Build): DatabaseSync {
  const database = open(file);
  try {
    database.exec(`
      BEGIN IMMEDIATE;
      PRAGMA application_id = ${String(applicationId)};
      CREATE TABLE read_model (schema TEXT NOT NULL, build TEXT NOT NULL) STRICT;
      INSERT INTO read_model VALUES ('${schema}', '${build}');
      ${checkpointSchema}
      ${projections.map((one) => one.schema).join('\n')}
      COMMIT;
    `);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
