/** Reads a log for an export or a backup: a page of groups in each transaction, so that a running server is not held up. */
import type { DatabaseSync } from 'node:sqlite';
import type { ArchivedGroup, ArchivedPart, LogArchive } from '../log-archive.ts';
import { createChainGroups, type ChainGroup } from './chain-groups.ts';
import { digestToBytes, leafHash, type Digest } from './merkle.ts';
import { createRecordedLeaves } from './recorded-leaves.ts';
import { toEventStoreError } from './sqlite-errors.ts';

/** Groups are read until so many events have come together. */
const pageEvents = 1_000;

/** Over a connection in no transaction, which `close` closes. */
export function createLogArchive(database: DatabaseSync): LogArchive {
  const chain = createChainGroups(database);
  const recorded = createRecordedLeaves(database);
  const head = chain.lastPosition();

  /** One transaction sees a group as its events are. */
  const readPage = (after: number): readonly ArchivedPart[] => {
    const parts: ArchivedPart[] = [];
    let events = 0;
    try {
      database.exec('BEGIN');
      for (const group of chain.next(after)) {
        if (group.last > head || events >= pageEvents) break;
        const part = { group: toArchived(group, recorded.removed(group.first, group.last)), events: recorded.events(group.first, group.last) };
        parts.push(part);
        events += part.events.length;
      }
      return parts;
    } catch (error) {
      throw toEventStoreError(error, 'The event log can’t be read');
    } finally {
      if (database.isTransaction) database.exec('ROLLBACK');
    }
  };

  return {
    head,
    *groups() {
      for (let after = 0; ; ) {
        const page = readPage(after);
        yield* page;
        const last = page.at(-1);
        if (last === undefined) return;
        after = last.group.first;
      }
    },
    removal: () => {
      const categories = database.prepare("SELECT name, removed_before FROM categories WHERE removed_before > 0 AND name <> ''").all();
      return {
        categories: categories.map((row) => ({ category: String(row['name']), before: Number(row['removed_before']) })),
        streams: removedStreams(database),
      };
    },
    leafOf: (event) => toHex(leafHash(event)),
    close: () => database.close(),
  };
}

/** Streams can be many: a page at a time. */
function* removedStreams(database: DatabaseSync): Generator<{ readonly stream: string; readonly through: number }, void, undefined> {
  const page = database.prepare('SELECT id, name, removed_through FROM streams WHERE id > ? AND removed_through >= 0 ORDER BY id LIMIT 1000');
  for (let after = 0; ; ) {
    const rows = page.all(after);
    for (const row of rows) {
      after = Number(row['id']);
      yield { stream: String(row['name']), through: Number(row['removed_through']) };
    }
    if (rows.length === 0) return;
  }
}

function toArchived({ first, last, category, createdAtMs, bytesSoFar, root, chain, checks }: ChainGroup, removed: ReadonlyMap<number, Digest>): ArchivedGroup {
  return {
    first,
    last,
    category,
    createdAtMs,
    bytesSoFar,
    root: toHex(root),
    chain: toHex(chain),
    checks: Buffer.from(checks, 'latin1').toString('base64'),
    leaves: new Map([...removed].map(([position, leaf]) => [position, toHex(leaf)])),
  };
}

function toHex(digest: Digest): string {
  return Buffer.from(digestToBytes(digest)).toString('hex');
}
