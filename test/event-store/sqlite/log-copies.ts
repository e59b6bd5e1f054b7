/** A log that was closed, of which each case of a spec spoils a copy of its own. */
import { copyFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openForProof } from '../../../services/event-store/sqlite/open-for-proof.ts';
import type { LogVerification } from '../../../services/event-store/log-verification.ts';
import { newEvents, openTestLog, type TestLog } from './open-log.ts';

export interface LogCopies {
  /** The copy's file, as the original is, or with other bytes. */
  fresh(bytes?: Uint8Array): string;
  remove(): Promise<void>;
}

/** Streams that stay, and two of polls; groups of one event and of many. */
export async function fillLog({ store }: TestLog, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const revision = (count: number): number | 'no-stream' => (round === 0 ? 'no-stream' : round * count - 1);
    await Promise.all([
      store.append('environment-a', newEvents(1, 'EnvironmentRenamed', { name: `name ${String(round)}` }), { expectedRevision: revision(1) }),
      store.append('environment-b', newEvents(2, 'EnvironmentTagged', { round }), { expectedRevision: revision(2) }),
      store.append('tunnel-a', newEvents(1, 'TunnelOpened', { round }), { expectedRevision: revision(1) }),
    ]);
    await store.append('environment-a-alone', newEvents(1, 'EnvironmentRenamed', { round }), { expectedRevision: revision(1) });
    await store.append('polls-cp_1', newEvents(5, 'AgentPolled', { round, filler: 'x'.repeat(60) }), { expectedRevision: revision(5) });
  }
}

/** Fills a log, closes it, and hands out copies. `prepare` comes before it is closed. */
export async function copiesOfLog(rounds: number, prepare: (log: TestLog) => Promise<void> = () => Promise.resolve()): Promise<LogCopies> {
  const log = await openTestLog();
  await fillLog(log, rounds);
  await prepare(log);
  await log.store.close();
  const copy = join(log.dataDirectory, 'copy.db');
  return {
    fresh: (bytes) => {
      for (const suffix of ['-wal', '-shm']) rmSync(`${copy}${suffix}`, { force: true });
      if (bytes === undefined) copyFileSync(log.file, copy);
      else writeFileSync(copy, bytes);
      return copy;
    },
    remove: () => log.remove(),
  };
}

/** Runs SQL on a file. */
export function spoil(file: string, sql: string): void {
  const database = new DatabaseSync(file);
  try {
    database.exec(sql);
  } finally {
    database.close();
  }
}

/** What verification says of a file. */
export function verifyFileOf(file: string): LogVerification {
  const proof = openForProof(file);
  try {
    return proof.verify();
  } finally {
    proof.close();
  }
}

/** Everything that can be read of a log, as text; undefined where it can't be. */
export function contentOf(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  try {
    const database = new DatabaseSync(file, { readOnly: true });
    try {
      const tables = ['streams', 'types', 'categories', 'events', 'event_groups', 'removed_leaves'];
      return tables
        .map((table) => JSON.stringify(database.prepare(`SELECT * FROM ${table} ORDER BY 1`).all(), (_name, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value)))
        .join('\n');
    } finally {
      database.close();
    }
  } catch {
    return undefined;
  }
}

/** Whole numbers from 0 to below a bound, the same for the same seed (mulberry32). */
export function seededNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}
