/** Writes batches of operations to the log: one transaction a batch, one Merkle group for each kind of events in it. */
import type { DatabaseSync } from 'node:sqlite';
import type { ChainHead } from '../log-chain.ts';
import type { EventStoreError } from '../port.ts';
import { createBatchPlan, settled, type PlannedEvent } from './batch-plan.ts';
import { packChecks } from './leaf-checks.ts';
import { chainHash, digestFromBytes, digestToBytes, emptyChain, leafHash, merkleRoot, type Digest } from './merkle.ts';
import type { Operation, OperationResult } from './operations.ts';
import { createRecentIds } from './recent-ids.ts';

import { toEventStoreError } from './sqlite-errors.ts';
import { loadStreamHeads, type StreamHeads } from './stream-heads.ts';

/** So many recent event ids are remembered for appends without an explicit revision. */
const recentIdCapacity = 65_536;

export interface LogWriterOptions {
  /** Categories whose events are removed some day; they get groups of their own. */
  readonly expiringCategories: readonly string[];
  /** The wall clock, in milliseconds since 1970. */
  now(): number;
}

export interface LogWriter {
  /**
   * Commits what can be written and answers each operation in order. Where the transaction fails, every operation is
   * answered with that failure and nothing has changed.
   */
  commit(operations: readonly Operation[]): readonly (EventStoreError | OperationResult)[];
  /** The position of the newest event ever written; 0 in an empty log. */
  readonly head: number;
  readonly heads: StreamHeads;
  /** Undefined in an empty log. */
  readonly chainHead: ChainHead | undefined;
}

interface CategoryTotals {
  readonly id: number;
  events: number;
  bytes: number;
}

/** Loads what the writer must remember from an opened log. The caller's thread runs all its SQL. */
export function createLogWriter(database: DatabaseSync, options: LogWriterOptions): LogWriter {
  const recentIds = createRecentIds(recentIdCapacity);
  const expiring = new Set(options.expiringCategories);
  const heads = loadStreamHeads(database, (category) => expiring.has(category));
  const types = new Map<string, number>();
  for (const row of database.prepare('SELECT id, name FROM types').iterate()) types.set(String(row['name']), Number(row['id']));
  const categories = loadCategories(database);
  const last = database.prepare('SELECT last_position, created, chain FROM event_groups ORDER BY first_position DESC LIMIT 1').get();
  let head = last === undefined ? 0 : Number(last['last_position']);
  let lastCreatedAt = last === undefined ? 0 : Number(last['created']);
  let chain = last === undefined ? emptyChain : digestFromBytes(last['chain']);
  let nextStreamId = 1 + Number(database.prepare('SELECT coalesce(max(id), 0) AS id FROM streams').get()?.['id']);

  const begin = database.prepare('BEGIN IMMEDIATE');
  const commitTransaction = database.prepare('COMMIT');
  const insertStream = database.prepare('INSERT INTO streams (id, name) VALUES (?, ?)');
  const insertType = database.prepare('INSERT INTO types (id, name) VALUES (?, ?)');
  const insertCategory = database.prepare('INSERT INTO categories (id, name) VALUES (?, ?)');
  const markTombstoned = database.prepare('UPDATE streams SET tombstoned = 1 WHERE id = ?');
  const insertEvent = database.prepare(
    'INSERT INTO events (position, stream, revision, type, created, id, data, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  );
  const insertGroup = database.prepare(
    `INSERT INTO event_groups (first_position, last_position, category, created, events_so_far, bytes_so_far, root, chain, checks, totals_check)
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ~(?4 + ?5 + ?6))`,
  );
  const eventAt = database.prepare('SELECT id, position FROM events WHERE stream = ? AND revision = ?');

  const planDeps = {
    heads,
    recentIds,
    recordedEvent: (streamId: number, revision: number) => {
      const row = eventAt.get(streamId, revision);
      return row === undefined ? undefined : { id: String(row['id']), position: Number(row['position']) };
    },
  };

  /** What a failed transaction must take back, beside the heads and the recent ids. */
  interface Undo {
    readonly head: number;
    readonly chain: Digest;
    readonly nextStreamId: number;
    readonly noted: number;
    readonly newTypes: string[];
    readonly newCategories: string[];
    readonly totals: (readonly [CategoryTotals, CategoryTotals])[];
  }

  const typeId = (name: string, undo: Undo): number => {
    const known = types.get(name);
    if (known !== undefined) return known;
    const id = types.size + 1;
    insertType.run(id, name);
    types.set(name, id);
    undo.newTypes.push(name);
    return id;
  };

  const categoryTotals = (name: string, undo: Undo): CategoryTotals => {
    const known = categories.get(name);
    if (known !== undefined) {
      undo.totals.push([known, { ...known }]);
      return known;
    }
    const made = { id: categories.size, events: 0, bytes: 0 };
    insertCategory.run(made.id, name);
    categories.set(name, made);
    undo.newCategories.push(name);
    return made;
  };

  const writeGroup = (category: string, events: readonly PlannedEvent[], createdAtMs: number, undo: Undo): void => {
    const totals = categoryTotals(category, undo);
    const leaves: Digest[] = [];
    const firstPosition = head + 1;
    for (const event of events) {
      head += 1;
      event.position = head;
      recentIds.place(event.number, head);
      const { head: stream, position, revision, id, type, data, metadata } = event;
      if (stream.id === 0) {
        stream.id = nextStreamId;
        nextStreamId += 1;
        insertStream.run(stream.id, stream.name);
      }
      if (stream.tombstoned) markTombstoned.run(stream.id);
      leaves.push(leafHash({ position, stream: stream.name, revision, id, type, createdAtMs, data, metadata }));
      insertEvent.run(position, stream.id, revision, typeId(type, undo), createdAtMs, id, data, metadata);
      totals.bytes += Buffer.byteLength(data) + Buffer.byteLength(metadata);
    }
    totals.events += events.length;
    const root = merkleRoot(leaves);
    chain = chainHash(chain, { root, firstPosition, lastPosition: head, category });
    insertGroup.run(firstPosition, head, totals.id, createdAtMs, totals.events, totals.bytes, digestToBytes(root), digestToBytes(chain), packChecks(leaves));
  };

  const rollBack = (undo: Undo): void => {
    // SQLite has already rolled back by itself after some failures (a full disk).
    try {
      if (database.isTransaction) database.exec('ROLLBACK');
    } catch {
      // The next BEGIN says what is wrong.
    }
    ({ head, chain, nextStreamId } = undo);
    for (const name of undo.newTypes) types.delete(name);
    for (const name of undo.newCategories) categories.delete(name);
    for (const [totals, before] of undo.totals) Object.assign(totals, before);
    heads.restore();
    recentIds.forgetFrom(undo.noted);
  };

  return {
    commit: (operations) => {
      const undo: Undo = { head, chain, nextStreamId, noted: recentIds.noted, newTypes: [], newCategories: [], totals: [] };
      const plan = createBatchPlan(planDeps);
      try {
        const outcomes = operations.map((operation) => plan.add(operation));
        if (plan.eventCount > 0) {
          const createdAtMs = Math.max(options.now(), lastCreatedAt);
          begin.run();
          for (const [category, events] of plan.groups) if (events.length > 0) writeGroup(category, events, createdAtMs, undo);
          commitTransaction.run();
          lastCreatedAt = createdAtMs;
        }
        heads.keep();
        return outcomes.map(settled);
      } catch (error) {
        rollBack(undo);
        const failure = toEventStoreError(error, 'The append failed');
        return operations.map(() => failure);
      }
    },
    get head() {
      return head;
    },
    heads,
    get chainHead() {
      // Positions count from 1 without a gap, removed events included.
      return head === 0 ? undefined : { position: String(head), events: head, chain: Buffer.from(digestToBytes(chain)).toString('hex') };
    },
  };
}

function loadCategories(database: DatabaseSync): Map<string, CategoryTotals> {
  const categories = new Map<string, CategoryTotals>();
  const newest = database.prepare(
    'SELECT events_so_far, bytes_so_far FROM event_groups WHERE category = ? ORDER BY first_position DESC LIMIT 1',
  );
  for (const row of database.prepare('SELECT id, name FROM categories').all()) {
    const id = Number(row['id']);
    const totals = newest.get(id);
    categories.set(String(row['name']), { id, events: Number(totals?.['events_so_far'] ?? 0), bytes: Number(totals?.['bytes_so_far'] ?? 0) });
  }
  return categories;
}

