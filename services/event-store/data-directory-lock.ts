/** One process holds a data directory: `homeport.lock` in it is a SQLite file in BEGIN EXCLUSIVE, which ends with the process, also when that is killed. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeDirectory } from './make-directory.ts';

export interface DataDirectoryLock {
  release(): void;
}

export type DataDirectoryErrorCode = 'data-directory-in-use' | 'data-directory-unwritable';

/** Why a data directory can't be had; the message says what to do. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
  readonly code: DataDirectoryErrorCode;

  constructor(code: DataDirectoryErrorCode, message: string, cause: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

const busy = 5;

/**
 * Takes the directory for this process until `release`; makes it where there is none. Never waits.
 * Runs three short statements on the calling thread, once.
 * Throws {@link DataDirectoryError} `data-directory-in-use` or `data-directory-unwritable`.
 */
export function lockDataDirectory(dataDirectory: string): DataDirectoryLock {
  let database: DatabaseSync | undefined;
  try {
    makeDirectory(dataDirectory);
    // The file must not be opened by other means in this process: closing it would give up the lock (POSIX).
    database = new DatabaseSync(join(dataDirectory, 'homeport.lock'), { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
    // An empty transaction takes the lock but shows nothing of a directory that can't be written.
    database.exec('CREATE TABLE IF NOT EXISTS held (since TEXT)');
  } catch (error) {
    database?.close();
    throw toDataDirectoryError(dataDirectory, error);
  }
  const held = database;
  return {
    release: () => {
      if (held.isOpen) held.close();
    },
  };
}

function toDataDirectoryError(dataDirectory: string, error: unknown): DataDirectoryError {
  const resultCode: unknown = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  if (typeof resultCode === 'number' && (resultCode & 0xff) === busy) {
    return new DataDirectoryError(
      'data-directory-in-use',
      `The data directory ${dataDirectory} is in use by another Homeport process. Stop that one, or give this one its own --data-dir.`,
      error,
    );
  }
  const reason = error instanceof Error ? error.message : String(error);
  return new DataDirectoryError(
    'data-directory-unwritable',
    `The data directory ${dataDirectory} can't be written (${reason}). Make it writable for this user, or give another --data-dir.`,
    error,
  );
}
