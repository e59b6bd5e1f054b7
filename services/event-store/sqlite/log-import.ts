/** A log that is being brought in beside where it will stand: complete it takes its place, and before that there is none. */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { EventStoreError, type NewEvent } from '../port.ts';
import type { ArchivedEvent, LogRebuild } from '../log-archive.ts';
import type { LogVerification, OnProgress } from '../log-verification.ts';
import { createLogRebuild } from './log-rebuild.ts';
import { createLogWriter } from './log-writer.ts';
import { createRecordedLeaves } from './recorded-leaves.ts';
import { openForWriting } from './schema.ts';
import { toEventStoreError } from './sqlite-errors.ts';
import { verifyLog } from './verify-log.ts';

export interface AppendedRun {
  readonly kind: 'append' | 'tombstone';
  readonly stream: string;
  /** What the stream's last revision is; -1 for none. */
  readonly lastRevision: number;
  readonly events: readonly NewEvent[];
  /** In milliseconds since 1970; one before an earlier run's counts as that one's. */
  readonly createdAtMs: number;
}

/** All of it runs SQL in the calling thread. Throws EventStoreError. Either `rebuild` or `append` is used. */
export interface LogImport {
  /** For a log that comes with its groups: takes them as they were. */
  readonly rebuild: LogRebuild;
  /** For events alone: records them one run after the other, as an append of its own each. */
  append(run: AppendedRun): void;
  /** Removes what the store that it came from removed while it was being read. */
  removeExpired(): void;
  verify(onProgress?: OnProgress): LogVerification;
  /** All events that are there, in the order of the log. */
  events(): Generator<readonly ArchivedEvent[], void, undefined>;
  /** From now on it is the log. */
  complete(): void;
  /** Nothing remains of it. */
  discard(): void;
}

/** Positions that are looked at in one page. */
const pagePositions = 2_000;

/** Begins anew where one was begun before. The directory's lock must be held. Throws EventStoreError `event-store-unavailable`, also where there is a log already. */
export function beginLogImport(file: string, expiringCategories: readonly string[]): LogImport {
  if (existsSync(file)) throw new EventStoreError('event-store-unavailable', `There is an event log ${file} already.`);
  const unfinished = `${file}.importing`;
  const remove = (): void => {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${unfinished}${suffix}`, { force: true });
  };
  remove();
  const database = openForWriting(unfinished);
  // It is made durable as a whole, at its end.
  database.exec('PRAGMA synchronous = OFF');
  let createdAtMs = 0;
  let writer: ReturnType<typeof createLogWriter> | undefined;
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw toEventStoreError(error, 'The import failed');
    }
  };
  const rebuild = createLogRebuild(database);

  return {
    rebuild: {
      addGroup: (group) => guarded(() => rebuild.addGroup(group)),
      addEvent: (event) => guarded(() => rebuild.addEvent(event)),
      finish: (removal) => guarded(() => rebuild.finish(removal)),
    },
    append: ({ kind, stream, lastRevision, events, createdAtMs: at }) => {
      writer ??= createLogWriter(database, { expiringCategories, now: () => createdAtMs });
      createdAtMs = at;
      const [outcome] = writer.commit([{ kind, stream, expectedRevision: lastRevision < 0 ? 'no-stream' : lastRevision, events }]);
      if (outcome instanceof EventStoreError) throw outcome;
    },
    removeExpired: () => {
      guarded(() => {
        const inExpired = `FROM event_groups JOIN categories ON categories.id = event_groups.category WHERE removed_before > first_position AND checks <> x''`;
        const ranges = database.prepare(`SELECT first_position, min(last_position, removed_before - 1) AS last, last_position < removed_before AS is_gone ${inExpired}`).all();
        for (const range of ranges) {
          const [first, last] = [Number(range['first_position']), Number(range['last'])];
          database.exec(`DELETE FROM events WHERE position BETWEEN ${first} AND ${last}; DELETE FROM removed_leaves WHERE position BETWEEN ${first} AND ${last}`);
          if (range['is_gone'] === 1) database.exec(`UPDATE event_groups SET checks = x'' WHERE first_position = ${first}`);
        }
      });
    },
    verify: (onProgress) => verifyLog(database, onProgress),
    *events() {
      const recorded = createRecordedLeaves(database);
      const last = guarded(() => Number(database.prepare('SELECT coalesce(max(position), 0) AS last FROM events').get()?.['last']));
      for (let first = 1; first <= last; first += pagePositions) {
        const page = guarded(() => recorded.events(first, first + pagePositions - 1));
        if (page.length > 0) yield page;
      }
    },
    complete: () => {
      guarded(() => {
        database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
        database.close();
        flush(unfinished);
        renameSync(unfinished, file);
        flush(dirname(file));
      });
    },
    discard: () => {
      if (database.isOpen) database.close();
      remove();
    },
  };
}

/** A file, or the names in a folder. */
function flush(path: string): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
