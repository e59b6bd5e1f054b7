/** Opens the log for reading also where nothing can be written beside it. */
import { existsSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { EventStoreError } from '../port.ts';
import { openForReading } from './schema.ts';

/** A medium that can't be written has no room for SQLite's shared memory; with no write-ahead log none is needed. Throws as {@link openForReading} does. */
export function openOnAnyMedium(file: string): DatabaseSync {
  try {
    return openForReading(file);
  } catch (error) {
    const wal = `${file}-wal`;
    // Only what SQLite itself says has a cause; another format is the same on any medium.
    if (!(error instanceof EventStoreError) || error.code !== 'event-store-unavailable' || error.cause === undefined || (existsSync(wal) && statSync(wal).size > 0)) throw error;
    const url = pathToFileURL(file);
    url.searchParams.set('immutable', '1');
    return openForReading(url);
  }
}
