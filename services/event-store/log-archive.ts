/** A log with all that proves it, group by group, as it leaves a store for an export or a backup and as it comes back. */

/** An event as its leaf covers it. */
export interface ArchivedEvent {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  readonly type: string;
  /** When the store recorded it, in milliseconds since 1970. */
  readonly createdAtMs: number;
  /** JSON text, byte for byte. */
  readonly data: string;
  readonly metadata: string;
}

/** A group of events that were committed together. Hashes are lower-case hexadecimal. */
export interface ArchivedGroup {
  readonly first: number;
  /** Inclusive. */
  readonly last: number;
  /** The category of expiring events; empty for events that stay. */
  readonly category: string;
  readonly createdAtMs: number;
  /** Bytes of data and metadata of its category up to its end, those of removed events included. */
  readonly bytesSoFar: number;
  /** The Merkle root of its events. */
  readonly root: string;
  /** The chain after it. */
  readonly chain: string;
  /** The first bytes of each event's leaf, which tell an altered one from the others; base64, empty where the group is gone. */
  readonly checks: string;
  /** Leaves of events that are not there, by position, where they are known. */
  readonly leaves: ReadonlyMap<number, string>;
}

/** A group with those of its events that are there. */
export interface ArchivedPart {
  readonly group: ArchivedGroup;
  readonly events: readonly ArchivedEvent[];
}

/** What of the log is gone: positions and revisions go on behind it. */
export interface ArchivedRemoval {
  /** Of an expiring category: events before this position have expired. */
  readonly categories: readonly { readonly category: string; readonly before: number }[];
  /** Of a stream: events up to this revision may be gone. */
  readonly streams: Iterable<{ readonly stream: string; readonly through: number }>;
}

/** A log as it can be read from its beginning to where it ended when it was opened. All of it runs SQL in the calling thread. */
export interface LogArchive {
  /** The last position; 0 in an empty log. */
  readonly head: number;
  /** Each group with those of its events that are there; the log may grow and expire meanwhile. Throws EventStoreError. */
  groups(): Generator<ArchivedPart, void, undefined>;
  /** As it is when it is asked for: after the groups. */
  removal(): ArchivedRemoval;
  /** The leaf of an event, for whoever leaves it out: lower-case hexadecimal. */
  leafOf(event: ArchivedEvent): string;
  close(): void;
}

/** Puts a log together again from what an archive gave. All of it runs SQL in the calling thread. Throws EventStoreError. */
export interface LogRebuild {
  /** False where there is such a group already. */
  addGroup(group: ArchivedGroup): boolean;
  /** False where another event stands at that place in the log, or in its stream, already. */
  addEvent(event: ArchivedEvent): boolean;
  /** After all of them. */
  finish(removal: ArchivedRemoval): void;
}
