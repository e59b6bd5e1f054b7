/** What reads show of a stream: nothing of a deleted one, and of others what their metadata leaves. */
import type { DatabaseSync } from 'node:sqlite';
import { EventStoreError, type MetadataResult } from '../port.ts';
import { decodeStreamMetadata, describedStreamOf, isSoftDeleted, metadataStreamOf } from '../stream-metadata.ts';

/** A stream that reads may look at. */
export interface StreamView {
  /** Its row. */
  readonly id: number;
  /** The first revision that reads show; may be past the last. */
  readonly shownFrom: number;
  readonly lastRevision: number;
}

export interface StreamViews {
  /** Throws {@link EventStoreError} `stream-not-found` or `stream-deleted`. */
  view(stream: string): StreamView;
  /** Throws {@link EventStoreError} `stream-deleted`. */
  metadata(stream: string): MetadataResult;
}

interface StreamRow {
  readonly id: number;
  readonly lastRevision: number;
  readonly isTombstoned: boolean;
}

/** Over a reading connection. `now` is the wall clock in milliseconds since 1970, for $maxAge. */
export function createStreamViews(database: DatabaseSync, now: () => number): StreamViews {
  const streamByName = database.prepare(
    `SELECT id, tombstoned, max(removed_through, coalesce((SELECT max(revision) FROM events WHERE stream = streams.id), -1)) AS revision
     FROM streams WHERE name = ?`,
  );
  const dataAt = database.prepare('SELECT data FROM events WHERE stream = ? AND revision = ?');
  const createdFrom = database.prepare('SELECT revision, created FROM events WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT 1');

  const find = (stream: string): StreamRow | undefined => {
    const row = streamByName.get(stream);
    return row === undefined
      ? undefined
      : { id: Number(row['id']), lastRevision: Number(row['revision']), isTombstoned: row['tombstoned'] !== 0 };
  };

  /** A metadata stream goes with the stream it describes. */
  const isTombstoned = (stream: string, row: StreamRow | undefined): boolean => {
    const described = describedStreamOf(stream);
    return row?.isTombstoned === true || (described !== undefined && find(described)?.isTombstoned === true);
  };

  const metadata = (stream: string): MetadataResult => {
    const name = metadataStreamOf(stream);
    const row = find(name);
    if (isTombstoned(name, row)) throw streamDeleted(stream);
    const newest = row === undefined ? undefined : dataAt.get(row.id, row.lastRevision);
    if (row === undefined || newest === undefined) return { metadata: {}, revision: undefined };
    return { metadata: decodeStreamMetadata(String(newest['data'])), revision: row.lastRevision };
  };

  /** The first revision recorded at or after an instant. Times never decrease along a stream, so this is a binary search. */
  const firstRevisionSince = (stream: StreamRow, instantMs: number): number => {
    let low = 0;
    let high = stream.lastRevision + 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = createdFrom.get(stream.id, middle);
      if (row === undefined || Number(row['created']) >= instantMs) high = middle;
      else low = Number(row['revision']) + 1;
    }
    return low;
  };

  const firstShown = (stream: string, row: StreamRow): number => {
    // EventStoreDB shows the newest event only of a metadata stream.
    if (describedStreamOf(stream) !== undefined) return row.lastRevision;
    const { metadata: settings } = metadata(stream);
    if (isSoftDeleted(settings)) throw streamNotFound(stream);
    const { maxAge, maxCount, truncateBefore } = settings;
    return Math.max(
      maxCount === undefined ? 0 : row.lastRevision - maxCount + 1,
      truncateBefore ?? 0,
      maxAge === undefined ? 0 : firstRevisionSince(row, now() - maxAge * 1_000),
    );
  };

  return {
    view: (stream) => {
      const row = find(stream);
      if (isTombstoned(stream, row)) throw streamDeleted(stream);
      if (row === undefined || row.lastRevision < 0) throw streamNotFound(stream);
      return { id: row.id, shownFrom: firstShown(stream, row), lastRevision: row.lastRevision };
    },
    metadata,
  };
}

function streamNotFound(stream: string): EventStoreError {
  return new EventStoreError('stream-not-found', `There is no stream ${stream}.`, { stream });
}

function streamDeleted(stream: string): EventStoreError {
  return new EventStoreError('stream-deleted', `The stream ${stream} was deleted for ever.`, { stream });
}
