/** Paces removals: small transactions between the appends, one removal at a time; runs in the writer's thread. */
import type { DatabaseSync } from 'node:sqlite';
import type { ExpiryRequest, KeptSize, RemovalResult } from '../log-maintenance.ts';
import { EventStoreError } from '../port.ts';
import { createExpiry } from './expiry.ts';
import { createKeptSizes } from './kept-sizes.ts';
import { startScavenge } from './scavenge.ts';
import type { StreamHeads } from './stream-heads.ts';

/** Positions removed in one transaction: about 10 ms, which is what an append may have to wait. */
const chunkSize = 1_000;

/** After a chunk the writer belongs to the appends for so many times as long as the chunk took. */
const restFactor = 3;

export interface RetentionDeps {
  readonly heads: StreamHeads;
  /** The wall clock, in milliseconds since 1970. */
  now(): number;
}

export interface Retention {
  expire(request: ExpiryRequest): Promise<RemovalResult>;
  /** By category. */
  measure(): ReadonlyMap<string, KeptSize>;
  scavenge(): Promise<RemovalResult>;
  /** Ends removals after their present chunk, by `event-store-unavailable`. */
  stop(): void;
}

/** Removals over the writer's own connection. */
export function createRetention(database: DatabaseSync, deps: RetentionDeps): Retention {
  const expiry = createExpiry(database, chunkSize);
  let isStopped = false;
  let queue: Promise<unknown> = Promise.resolve();

  const inTransaction = <T>(work: () => T): T => {
    database.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      database.exec('COMMIT');
      return result;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };

  /** Repeats a step, which answers how many events it removed, or undefined when nothing is left. */
  const removeInChunks = async (step: () => number | undefined): Promise<RemovalResult> => {
    let events = 0;
    for (;;) {
      if (isStopped) throw new EventStoreError('event-store-unavailable', 'The event store is closing.');
      const startedAt = performance.now();
      const removed = inTransaction(step);
      if (removed === undefined) return { events };
      events += removed;
      const restMs = restFactor * (performance.now() - startedAt);
      await new Promise((resolve) => setTimeout(resolve, restMs));
    }
  };

  const inTurn = (start: () => () => number | undefined): Promise<RemovalResult> => {
    const result = queue.then(() => removeInChunks(start()));
    queue = result.catch(() => undefined);
    return result;
  };

  return {
    measure: createKeptSizes(database),
    expire: (request) => inTurn(() => () => expiry.removeChunk(request)),
    scavenge: () => inTurn(() => startScavenge(database, deps.heads, chunkSize, deps.now()).removeChunk),
    stop: () => {
      isStopped = true;
    },
  };
}
