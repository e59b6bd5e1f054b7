/** What a read model is made of: each folder here gives a projection, which writes rows, and queries, which read them. */
import type { DatabaseSync } from 'node:sqlite';
import type { EventDataByType, EventType } from '../services/domain/events.ts';
import type { RecordedEvent } from '../services/event-store/port.ts';
import type { VersionedTables } from './versioned-table.ts';

/** Where in the log an event stands. */
export interface EventPlace {
  /** How many events of the log this file had seen with it: sorts rows, where positions are opaque. */
  readonly ordinal: number;
  /**
   * The newest `recordedAt` of the log so far, in milliseconds since 1970. It never goes back, so that the events up to
   * the first one recorded after an instant T are exactly those whose place says at most T.
   */
  readonly recordedAtMs: number;
}

/** A function for each type of event that the projection cares for. They look at nothing but the event and earlier rows: no clock. */
export type EventHandlers = { readonly [Type in EventType]?: (data: EventDataByType[Type], place: EventPlace, recorded: RecordedEvent) => void };

/** A projection at work on an open file. */
export interface ProjectionWriter {
  /** Takes an event into memory; may read rows, but writes none. */
  readonly on: EventHandlers;
  /** Sees every event of the log, before what is on its type: also those of types that nobody knows. */
  readonly each?: (recorded: RecordedEvent, place: EventPlace) => void;
  /** Writes what was taken, within the caller's transaction. */
  write(): void;
  /** The transaction stands: what was taken is done with. */
  committed(): void;
}

export interface Projection {
  readonly name: string;
  /**
   * Raised with every change of what is written. A file of another version goes on answering, and is kept up to date by this one, until a new
   * one is built; only where the schema changed, too, it can't, and everybody waits.
   */
  readonly version: number;
  /** The SQL that makes its tables. */
  readonly schema: string;
  /** Types that arrive in such numbers that their rows may wait a moment for company. */
  readonly patientTypes?: readonly EventType[];
  /** Types whose handlers look for rows by SQL: all that was taken before is written first, so that it does not matter how events fall into batches. */
  readonly settledTypes?: readonly EventType[];
  /** `tables` gives the versioned tables of all projections: its own to write, others' to watch. */
  open(database: DatabaseSync, tables: VersionedTables): ProjectionWriter;
}

/** A question to the read models. Input and output are JSON values, for they cross threads. */
export interface Query<Input, Output> {
  /** Unique among all queries. */
  readonly name: string;
  /** Runs on a query thread, once per open file; each answer is given within one read transaction. */
  prepare(database: DatabaseSync): (input: Input) => Output;
}
