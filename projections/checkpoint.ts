/** How far the read models have come in the log, and how they recognise that log again. */
import type { DatabaseSync } from 'node:sqlite';
import type { EventReader, Position, RecordedEvent } from '../services/event-store/port.ts';

/** An event by place and identity. */
export interface EventMark {
  readonly position: Position;
  readonly eventId: string;
}

export interface Checkpoint {
  /** The last event applied; undefined before the first. */
  readonly last: EventMark | undefined;
  /** The last event applied that will never expire: by it another log is told apart. */
  readonly anchor: EventMark | undefined;
  /** Of the last event applied; see EventPlace. */
  readonly ordinal: number;
  readonly recordedAtMs: number;
}

export const noCheckpoint: Checkpoint = { last: undefined, anchor: undefined, ordinal: 0, recordedAtMs: 0 };

export const checkpointSchema = `
  CREATE TABLE checkpoint (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    position TEXT NOT NULL,
    eventId TEXT NOT NULL,
    anchorPosition TEXT,
    anchorEventId TEXT,
    ordinal INTEGER NOT NULL,
    recordedAtMs INTEGER NOT NULL
  ) STRICT;
`;

/** Streams that lose their events in time; and system streams, which anybody may delete. */
const expiring = /^(?:polls|activity|refusals|snapshots)-|^\$/;

/** Whether the event stays in the log for ever. */
export function isKept({ stream }: RecordedEvent): boolean {
  return !expiring.test(stream);
}

export function loadCheckpoint(database: DatabaseSync): Checkpoint {
  const row = database.prepare('SELECT * FROM checkpoint').get();
  if (row === undefined) return noCheckpoint;
  const { position, eventId, anchorPosition, anchorEventId, ordinal, recordedAtMs } = row;
  return {
    last: { position: String(position), eventId: String(eventId) },
    anchor: anchorPosition === null ? undefined : { position: String(anchorPosition), eventId: String(anchorEventId) },
    ordinal: Number(ordinal),
    recordedAtMs: Number(recordedAtMs),
  };
}

/** Prepares saving checkpoints, within the caller's transaction. */
export function createCheckpointWriter(database: DatabaseSync): (checkpoint: Checkpoint) => void {
  const save = database.prepare('INSERT OR REPLACE INTO checkpoint VALUES (1, ?, ?, ?, ?, ?, ?)');
  return ({ last, anchor, ordinal, recordedAtMs }) => {
    if (last === undefined) return;
    save.run(last.position, last.eventId, anchor?.position ?? null, anchor?.eventId ?? null, ordinal, recordedAtMs);
  };
}

/**
 * Why a checkpoint can't be of this log, or undefined where it can: another store's log, or one that was restored to a
 * state before the checkpoint. Throws EventStoreError.
 */
export async function contradiction(checkpoint: Checkpoint, reader: EventReader): Promise<string | undefined> {
  const { last, anchor } = checkpoint;
  if (last === undefined) return undefined;
  // Without an anchor there is nothing in the rows that would be dear to build again.
  if (anchor === undefined) return 'the log can not be recognised';
  const head = await reader.headPosition();
  if (head === undefined || reader.comparePositions(head, last.position) < 0) return 'the log ends before the read models';
  if ((await eventAt(anchor.position, reader))?.id !== anchor.eventId) return 'the log is another one';
  // The last event itself may have expired meanwhile, but no other may stand in its place.
  const stands = await eventAt(last.position, reader);
  return stands === undefined || stands.id === last.eventId ? undefined : 'the log was replaced';
}

async function eventAt(position: Position, reader: EventReader): Promise<RecordedEvent | undefined> {
  for await (const [event] of reader.readAll({ from: position, limit: 1 })) {
    return event?.position === position ? event : undefined;
  }
  return undefined;
}
