/** Applies events to the read models: into memory first, then all rows and their checkpoint in one transaction. */
import type { DatabaseSync } from 'node:sqlite';
import { decodeEvent } from '../services/domain/event-codec.ts';
import type { Position, RecordedEvent } from '../services/event-store/port.ts';
import { createCheckpointWriter, isKept, loadCheckpoint, type Checkpoint } from './checkpoint.ts';
import type { EventPlace, Projection } from './projection.ts';
import { createRecordedClock } from './recorded-at.ts';

export interface Fold {
  /** Where to go on after a commit. */
  readonly committed: Position | undefined;
  /** Events taken since the last commit. */
  readonly pending: number;
  /** Whether one of them should not wait for others. */
  readonly isUrgent: boolean;
  /** Takes events that follow those taken before. Types that no projection knows are passed over. */
  take(events: readonly RecordedEvent[]): void;
  /** Writes everything taken. Returns the position reached. Throws what SQLite throws; nothing is written then, and the fold is of no more use. */
  commit(): Position | undefined;
}

type Handler = (data: never, place: EventPlace) => void;

/** Commits without any row to write save their checkpoint only so often; what was not saved is passed over again after a restart. */
const uncheckedEventsAtMost = 10_000;

/** Creates the fold over an open file, going on from its checkpoint. */
export function createFold(database: DatabaseSync, projections: readonly Projection[]): Fold {
  const saveCheckpoint = createCheckpointWriter(database);
  const writers = projections.map((projection) => projection.open(database));
  const patient = new Set<string>(projections.flatMap(({ patientTypes = [] }) => patientTypes));
  const handlers = new Map<string, Handler[]>();
  for (const { on } of writers) {
    for (const [type, handler] of Object.entries(on)) {
      const others = handlers.get(type);
      if (others === undefined) handlers.set(type, [handler]);
      else others.push(handler);
    }
  }

  let checkpoint: Checkpoint = loadCheckpoint(database);
  const recordedAt = createRecordedClock(checkpoint.recordedAtMs);
  let committed = checkpoint.last?.position;
  let pending = 0;
  let unchecked = 0;
  let isUrgent = false;
  let hasRows = false;

  function takeOne(event: RecordedEvent, place: EventPlace): void {
    if (!patient.has(event.type)) isUrgent = true;
    const concerned = handlers.get(event.type);
    if (concerned === undefined) return;
    try {
      const decoded = decodeEvent(event.type, JSON.parse(event.data));
      if (decoded === undefined) return;
      for (const handle of concerned) handle(decoded.data as never, place);
      hasRows = true;
    } catch (cause) {
      const { type, stream, revision } = event;
      throw new Error(`${type}, event ${String(revision)} of ${stream}, can't be applied: ${String(cause)}`, { cause });
    }
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
    get pending() {
      return pending;
    },
    get isUrgent() {
      return isUrgent;
    },

    take(events) {
      const last = events.at(-1);
      if (last === undefined) return;
      let { ordinal, recordedAtMs } = checkpoint;
      for (const event of events) {
        recordedAtMs = recordedAt(event);
        takeOne(event, { ordinal: ++ordinal, recordedAtMs });
      }
      const kept = events.findLast(isKept);
      const anchor = kept === undefined ? checkpoint.anchor : { position: kept.position, eventId: kept.id };
      checkpoint = { last: { position: last.position, eventId: last.id }, anchor, ordinal, recordedAtMs };
      pending += events.length;
      unchecked += events.length;
    },

    commit() {
      if (hasRows || unchecked >= uncheckedEventsAtMost) write();
      pending = 0;
      isUrgent = false;
      committed = checkpoint.last?.position;
      return committed;
    },
  };
}
