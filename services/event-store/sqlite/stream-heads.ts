/** What the writer knows of every stream, in memory: enough to judge an append without reading. */
import type { DatabaseSync } from 'node:sqlite';
import { categoryOf } from '../category.ts';
import { decodeStreamMetadata, describedStreamOf, isSoftDeleted } from '../stream-metadata.ts';

/** A stream as the writer sees it. One that has only metadata, or was only asked about, has no events yet. */
export interface StreamHead {
  readonly name: string;
  /** The category of its events where they are removed some day; else empty. */
  readonly expiringCategory: string;
  /** The last batch that changed it. */
  changedIn: number;
  /** Its row; 0 before its first event. */
  id: number;
  /** Its last revision; -1 before its first event. */
  revision: number;
  tombstoned: boolean;
  /** The text of its newest metadata, where any was set. */
  metadata: string | undefined;
  softDeleted: boolean;
}

/** The heads of all streams. Changes belong to a batch until `keep` or `restore`. */
export interface StreamHeads {
  /** The stream's head. Any name has one. */
  of(name: string): StreamHead;
  /** The head, about to be changed: `restore` will bring it back as it is now. */
  change(head: StreamHead): void;
  /** Sets the metadata of a head that was announced by `change`. */
  setMetadata(head: StreamHead, metadata: string): void;
  /** The batch was committed. */
  keep(): void;
  /** The batch was rolled back. */
  restore(): void;
  /** Every stream that has metadata. */
  withMetadata(): Iterable<StreamHead>;
}

/** Rebuilds the heads of a log, by one index seek for each stream. */
export function loadStreamHeads(database: DatabaseSync, isExpiring: (category: string) => boolean): StreamHeads {
  const heads = new Map<string, StreamHead>();
  const described = new Set<StreamHead>();
  const before: (readonly [StreamHead, StreamHead])[] = [];
  let batch = 1;

  const of = (name: string): StreamHead => {
    const known = heads.get(name);
    if (known !== undefined) return known;
    const category = categoryOf(name);
    const head: StreamHead = {
      name,
      expiringCategory: isExpiring(category) ? category : '',
      changedIn: 0,
      id: 0,
      revision: -1,
      tombstoned: false,
      metadata: undefined,
      softDeleted: false,
    };
    heads.set(name, head);
    return head;
  };
  const setMetadata = (head: StreamHead, metadata: string): void => {
    head.metadata = metadata;
    head.softDeleted = isSoftDeleted(decodeStreamMetadata(metadata));
    described.add(head);
  };

  const rows = database.prepare(
    `SELECT id, name, tombstoned, max(removed_through, coalesce((SELECT max(revision) FROM events WHERE stream = streams.id), -1)) AS revision
     FROM streams`,
  );
  for (const row of rows.iterate()) {
    const head = of(String(row['name']));
    head.id = Number(row['id']);
    head.revision = Number(row['revision']);
    head.tombstoned = row['tombstoned'] !== 0;
  }
  const newest = database.prepare('SELECT data FROM events WHERE stream = ? AND revision = ?');
  for (const head of [...heads.values()]) {
    const name = describedStreamOf(head.name);
    const row = name === undefined ? undefined : newest.get(head.id, head.revision);
    if (name !== undefined && row !== undefined) setMetadata(of(name), String(row['data']));
  }

  return {
    of,
    change: (head) => {
      if (head.changedIn === batch) return;
      before.push([head, { ...head }]);
      head.changedIn = batch;
    },
    setMetadata,
    keep: () => {
      before.length = 0;
      batch += 1;
    },
    restore: () => {
      for (const [head, saved] of before) Object.assign(head, saved);
      before.length = 0;
      batch += 1;
    },
    *withMetadata() {
      for (const head of described) if (head.metadata !== undefined) yield head;
    },
  };
}
