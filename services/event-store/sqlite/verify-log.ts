/** Recomputes every Merkle root and the whole chain from the rows: proof that nothing recorded was altered. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { chainHash, digestFromBytes, digestToBytes, emptyChain, leafHash, merkleRoot, type Digest } from './merkle.ts';

export interface LogVerification {
  /** Groups in the chain. */
  readonly groups: number;
  /** Groups whose root was recomputed from their events, or from the leaf hashes of those scavenged. */
  readonly recomputed: number;
  /** Groups of an expiring category that are gone, wholly or in part: only their place in the chain can be checked. */
  readonly expired: number;
  /** What is wrong, for people; empty where all is well. */
  readonly problems: readonly string[];
  /** The chain's hash after the last group, in hexadecimal. */
  readonly chain: string;
}

interface GroupRow {
  readonly first: number;
  readonly last: number;
  readonly category: string;
  readonly removedBefore: number;
  readonly root: Digest;
  readonly chain: Digest;
}

/** Reads the whole log in the calling thread, a group at a time. Stops counting problems at a hundred. */
export function verifyLog(database: DatabaseSync): LogVerification {
  const groups = database.prepare(
    `SELECT first_position, last_position, categories.name AS category, removed_before, root, chain
     FROM event_groups JOIN categories ON categories.id = event_groups.category ORDER BY first_position`,
  );
  const leavesOf = createLeafReader(database);
  const problems: string[] = [];
  let chain = emptyChain;
  let previousLast = 0;
  let count = 0;
  let recomputed = 0;
  let expired = 0;

  for (const row of groups.iterate()) {
    const group = toGroup(row);
    const name = `The group of positions ${group.first} to ${group.last}`;
    count += 1;
    if (problems.length >= 100) break;
    if (group.first !== previousLast + 1) problems.push(`${name} should begin at ${previousLast + 1}.`);
    previousLast = group.last;

    chain = chainHash(chain, { root: group.root, firstPosition: group.first, lastPosition: group.last, category: group.category });
    if (chain !== group.chain) problems.push(`${name} is not chained to the one before it.`);
    chain = group.chain;

    const leaves = leavesOf(group);
    if (leaves.length === group.last - group.first + 1) {
      recomputed += 1;
      if (merkleRoot(leaves) !== group.root) problems.push(`${name} has other events than were recorded.`);
    } else if (group.first < group.removedBefore) {
      expired += 1;
    } else {
      problems.push(`${name} has lost events.`);
    }
  }
  const beyond = database.prepare('SELECT count(*) AS count FROM events WHERE position > ?').get(previousLast)?.['count'];
  if (beyond !== 0) problems.push(`${String(beyond)} events stand after the last group.`);
  return { groups: count, recomputed, expired, problems, chain: Buffer.from(digestToBytes(chain)).toString('hex') };
}

function createLeafReader(database: DatabaseSync): (group: GroupRow) => readonly Digest[] {
  const events: StatementSync = database.prepare(
    `SELECT position, streams.name AS stream, revision, events.id AS id, types.name AS type, created, data, metadata
     FROM events JOIN streams ON streams.id = events.stream JOIN types ON types.id = events.type
     WHERE position BETWEEN ? AND ?`,
  );
  const removed: StatementSync = database.prepare('SELECT position, leaf FROM removed_leaves WHERE position BETWEEN ? AND ?');
  return ({ first, last }) => {
    const leaves = new Map<number, Digest>();
    for (const row of removed.all(first, last)) leaves.set(Number(row['position']), digestFromBytes(row['leaf']));
    for (const row of events.all(first, last)) {
      const position = Number(row['position']);
      const leaf = leafHash({
        position,
        stream: String(row['stream']),
        revision: Number(row['revision']),
        id: String(row['id']),
        type: String(row['type']),
        createdAtMs: Number(row['created']),
        data: String(row['data']),
        metadata: String(row['metadata']),
      });
      leaves.set(position, leaf);
    }
    return [...leaves].toSorted(([a], [b]) => a - b).map(([, leaf]) => leaf);
  };
}

function toGroup(row: Record<string, unknown>): GroupRow {
  return {
    first: Number(row['first_position']),
    last: Number(row['last_position']),
    category: String(row['category']),
    removedBefore: Number(row['removed_before']),
    root: digestFromBytes(row['root']),
    chain: digestFromBytes(row['chain']),
  };
}
