/** The rows of the chain, as verification reads them: a page at a time, each in a transaction of its own, so that a running server is not held up. */
import type { DatabaseSync } from 'node:sqlite';
import { digestFromBytes, type Digest } from './merkle.ts';

export interface ChainGroup {
  readonly first: number;
  readonly last: number;
  readonly categoryId: number;
  readonly category: string;
  /** Of its category: events before this position have expired. */
  readonly removedBefore: number;
  readonly createdAtMs: number;
  readonly eventsSoFar: number;
  readonly bytesSoFar: number;
  readonly totalsCheck: number;
  readonly root: Digest;
  readonly chain: Digest;
  readonly checks: string;
}

/** Groups that are looked at in one transaction. */
const pageGroups = 200;

const columns = `first_position, last_position, category, coalesce(categories.name, '') AS name, coalesce(removed_before, 0) AS removed_before,
  event_groups.created AS created, events_so_far, bytes_so_far, totals_check, root, chain, checks`;

export interface ChainGroups {
  /** Calls back with each group in order, inside a transaction that sees the group as its events are. */
  forEach(look: (group: ChainGroup) => void): void;
  /** The next groups that begin after a position, for whoever holds a transaction of his own. */
  next(after: number): readonly ChainGroup[];
  /** The group that holds a position, where there is one. */
  at(position: number): ChainGroup | undefined;
  /** The last position of the chain; 0 where there is none. */
  lastPosition(): number;
}

/** Over a connection in no transaction. */
export function createChainGroups(database: DatabaseSync): ChainGroups {
  const page = database.prepare(
    `SELECT ${columns} FROM event_groups LEFT JOIN categories ON categories.id = event_groups.category
     WHERE first_position > ? ORDER BY first_position LIMIT ${pageGroups}`,
  );
  const holding = database.prepare(
    `SELECT ${columns} FROM event_groups LEFT JOIN categories ON categories.id = event_groups.category
     WHERE first_position <= ? ORDER BY first_position DESC LIMIT 1`,
  );
  const newest = database.prepare('SELECT last_position FROM event_groups ORDER BY first_position DESC LIMIT 1');
  return {
    forEach: (look) => {
      for (let after = Number.MIN_SAFE_INTEGER; ; ) {
        database.exec('BEGIN');
        try {
          const groups = page.all(after).map(toGroup);
          for (const group of groups) look(group);
          const last = groups.at(-1);
          if (last === undefined) return;
          after = last.first;
        } finally {
          if (database.isTransaction) database.exec('ROLLBACK');
        }
      }
    },
    next: (after) => page.all(after).map(toGroup),
    at: (position) => {
      const row = holding.get(position);
      const group = row === undefined ? undefined : toGroup(row);
      return group !== undefined && position <= group.last ? group : undefined;
    },
    lastPosition: () => Number(newest.get()?.['last_position'] ?? 0),
  };
}

function toGroup(row: Record<string, unknown>): ChainGroup {
  return {
    first: Number(row['first_position']),
    last: Number(row['last_position']),
    categoryId: Number(row['category']),
    category: String(row['name']),
    removedBefore: Number(row['removed_before']),
    createdAtMs: Number(row['created']),
    eventsSoFar: Number(row['events_so_far']),
    bytesSoFar: Number(row['bytes_so_far']),
    totalsCheck: Number(row['totals_check']),
    root: digestFromBytes(row['root']),
    chain: digestFromBytes(row['chain']),
    checks: digestFromBytes(row['checks']),
  };
}
