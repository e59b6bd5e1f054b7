/** Opens a log for verification: reads only, beside a running server or without one, also from a medium that can't be written. */
import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { ChainHead } from '../log-chain.ts';
import { EventStoreError } from '../port.ts';
import type { LogProblem, LogVerification, OnProgress } from '../log-verification.ts';
import { createChainGroups } from './chain-groups.ts';
import { digestToBytes } from './merkle.ts';
import { openOnAnyMedium } from './open-on-any-medium.ts';
import { toEventStoreError } from './sqlite-errors.ts';
import { verifyFile } from './verify-file.ts';
import { verifyLog, type LogToVerify } from './verify-log.ts';

export interface LogProof {
  /** The calling thread reads the whole log, which may take a minute for each few million events. */
  verify(onProgress?: OnProgress): LogVerification;
  /** Where the chain stood after the group that ends at a position; undefined where none ends there. */
  chainAt(position: number): ChainHead | undefined;
  /** Data of a stream's events with their positions, as JSON text, oldest first; empty where they can't be read. */
  eventsOf(stream: string): readonly { readonly position: number; readonly data: string }[];
  close(): void;
}

/** Throws EventStoreError `event-store-unavailable` where there is no such file, it can't be opened, or an earlier version wrote it. A file that is too damaged to open is verified all the same, and said to be so. */
export function openForProof(file: string): LogProof {
  if (!existsSync(file)) throw new EventStoreError('event-store-unavailable', `There is no event log ${file}.`);
  // Before SQLite opens the file: whoever opens a damaged write-ahead log last may remove it.
  const inFile = verifyFile(file);
  let database: DatabaseSync;
  try {
    database = openOnAnyMedium(file);
  } catch (error) {
    // Nobody need have altered a file that can't be had now, or that an earlier version wrote.
    if (inFile.length === 0 && error instanceof EventStoreError && error.code === 'event-store-unavailable') throw error;
    return unreadable([...inFile, { kind: 'file', message: toEventStoreError(error, `The event log ${file} can't be opened`).message }]);
  }
  return proofOver(database, { inFile });
}

/** The proof over an open connection, which `close` closes; `inFile` is what was found wrong with its file already. */
export function proofOver(database: DatabaseSync, { inFile = [], ...kind }: LogToVerify & { readonly inFile?: readonly LogProblem[] }): LogProof {
  const guarded = <T>(look: () => T, otherwise: T): T => {
    try {
      return look();
    } catch {
      // Verification says what can't be read.
      return otherwise;
    }
  };

  return {
    verify: (onProgress) => {
      const found = verifyLog(database, onProgress, kind);
      return { ...found, problems: [...found.problems, ...inFile] };
    },
    chainAt: (position) =>
      guarded(() => {
        const group = createChainGroups(database).at(position);
        if (group?.last !== position) return undefined;
        return { position: String(position), events: position, chain: Buffer.from(digestToBytes(group.chain)).toString('hex') };
      }, undefined),
    eventsOf: (stream) =>
      guarded(() => {
        const rows = database.prepare('SELECT position, data FROM events WHERE stream = (SELECT id FROM streams WHERE name = ?) ORDER BY revision').all(stream);
        return rows.map((row) => ({ position: Number(row['position']), data: String(row['data']) }));
      }, []),
    close: () => database.close(),
  };
}

function unreadable(problems: readonly LogProblem[]): LogProof {
  return {
    verify: () => ({ groups: 0, events: 0, recomputed: 0, expired: 0, lastPosition: 0, problems, chain: '' }),
    chainAt: () => undefined,
    eventsOf: () => [],
    close: () => undefined,
  };
}
