/** Applies events to the read models: into memory first, then all rows and their checkpoint in one transaction. */
import type { DatabaseSync } from 'node:sqlite';
import { decodeEvent } from '../services/domain/event-codec.ts';
import type { Position, RecordedEvent } from '../services/event-store/port.ts';
import { createCheckpointWriter, isKept, loadCheckpoint, type Checkpoint } from './checkpoint.ts';
import type { EventPlace, Projection, ProjectionWriter } from './projection.ts';
import { createRecordedClock } from './recorded-at.ts';
import { createVersionedTables } from './versioned-table.ts';

export interface Fold {
  /** Where to go on after a commit. */
  readonly committed: Position | undefined;
  /** Events that the file has seen, those taken included. */
  readonly seen: number;
  /** Events taken since the last commit. */
  readonly pending: number;
  /** Of their data; about what they hold in memory. */
  readonly pendingCharacters: number;
  /** Whether one of them should not wait for others. */
  readonly isUrgent: boolean;
  /** Takes events that follow those taken before. Types that no projection knows are passed over. */
  take(events: readonly RecordedEvent[]): void;
  /** Writes everything taken. Returns the position reached. Throws what SQLite throws; nothing is written then, and the fold is of no more use. */
  commit(): Position | undefined;
}

/** What the projections do with one type of event. */
interface Concern {
  readonly handlers: ((data: never, place: EventPlace, recorded: RecordedEvent) => void)[];
  /** Whether all of them let it wait for company. */
  isPatient: boolean;
}

/** Commits without any row to write save their checkpoint only so often; what was not saved is passed over again after a restart. */
const uncheckedEventsAtMost = 10_000;

/** Creates the fold over an open file, going on from its checkpoint. */
export function createFold(database: DatabaseSync, projections: readonly Projection[]): Fold {
  const saveCheckpoint = createCheckpointWriter(database);
  const tables = createVersionedTables(database);
  const writers = projections.map((projection) => projection.open(database, tables));
  const witnesses = writers.flatMap(({ each }) => each ?? []);
  const concerns = concernsByType(projections, writers);
  const settled: ReadonlySet<string> = new Set(projections.flatMap(({ settledTypes }) => settledTypes ?? []));
  let checkpoint: Checkpoint = loadCheckpoint(database);
  const recordedAt = createRecordedClock(checkpoint.recordedAtMs);
  let committed = checkpoint.last?.position;
  let pending = 0;
  let pendingCharacters = 0;
  let unchecked = 0;
  let isUrgent = false;
  let hasRows = false;

  function takeOne(event: RecordedEvent, place: EventPlace): void {
    for (const see of witnesses) see(event, place);
    const concern = concerns.get(event.type);
    isUrgent ||= concern?.isPatient !== true;
    if (concern === undefined) return;
    try {
      const decoded = decodeEvent(event);
      if (decoded === undefined) return;
      for (const handle of concern.handlers) handle(decoded.data as never, place, event);
      hasRows = true;
    } catch (cause) {
      const { type, stream, revision } = event;
      throw new Error(`${type}, event ${String(revision)} of ${stream}, can't be applied: ${String(cause)}`, { cause });
    }
  }

  function takeRun(events: readonly RecordedEvent[]): void {
    const last = events.at(-1);
    if (last === undefined) return;
    let { ordinal, recordedAtMs } = checkpoint;
    for (const event of events) {
      recordedAtMs = recordedAt(event);
      takeOne(event, { ordinal: ++ordinal, recordedAtMs });
      pendingCharacters += event.data.length;
    }
    const kept = events.findLast(isKept);
    const anchor = kept === undefined ? checkpoint.anchor : { position: kept.position, eventId: kept.id };
    checkpoint = { last: { position: last.position, eventId: last.id }, anchor, ordinal, recordedAtMs };
    pending += events.length;
    unchecked += events.length;
  }

  function write(): void {
    database.exec('BEGIN IMMEDIATE');
    try {
      for (const writer of writers) writer.write();
      saveCheckpoint(checkpoint);
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
    for (const writer of writers) writer.committed();
    unchecked = 0;
    hasRows = false;
  }

  return {
    get committed() {
      return committed;
    },
    get seen() {
      return checkpoint.ordinal;
    },
    get pending() {
      return pending;
    },
    get pendingCharacters() {
      return pendingCharacters;
    },
    get isUrgent() {
      return isUrgent;
    },

    take(events) {
      let from = 0;
      events.forEach(({ type }, index) => {
        if (!settled.has(type)) return;
        takeRun(events.slice(from, index));
        from = index;
        if (hasRows) write();
      });
      takeRun(from === 0 ? events : events.slice(from));
    },

    commit() {
      if (hasRows || unchecked >= uncheckedEventsAtMost) write();
      pending = 0;
      pendingCharacters = 0;
      isUrgent = false;
      committed = checkpoint.last?.position;
      return committed;
    },
  };
}

function concernsByType(projections: readonly Projection[], writers: readonly ProjectionWriter[]): ReadonlyMap<string, Concern> {
  const concerns = new Map<string, Concern>();
  writers.forEach(({ on }, index) => {
    const patientTypes: readonly string[] = projections[index]?.patientTypes ?? [];
    for (const [type, handler] of Object.entries(on)) {
      const concern = concerns.get(type) ?? { handlers: [], isPatient: true };
      concerns.set(type, concern);
      concern.handlers.push(handler);
      concern.isPatient &&= patientTypes.includes(type);
    }
  });
  return concerns;
}
