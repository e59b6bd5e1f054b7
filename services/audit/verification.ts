/** Verifies the record of a data directory: the log itself, the checkpoints in it, and those that were kept elsewhere. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SignedCheckpoint } from '../domain/checkpoint.ts';
import type { LogProblem, LogVerification, OnProgress } from '../event-store/log-verification.ts';
import { openLogProof, type LogProof } from '../event-store/open.ts';
import { proveByCheckpoints, type CheckpointProof } from './checkpoint-proof.ts';
import { checkpointOf } from './kept-checkpoints.ts';

export interface RecordVerification extends LogVerification {
  /** What is wrong first: the earliest in the log that names an event, else whatever is. */
  readonly first: LogProblem | undefined;
  /** Checkpoints in the log itself: whoever lacks the key can't make them fit another history. */
  readonly recorded: CheckpointProof;
  /** Where the log says that its events were imported from another; 0 where it does not. Checkpoints of before are those of the log that was exported. */
  readonly importedAt: number;
  /** Checkpoints in the log that came along with an import: they are not judged. */
  readonly former: number;
  /** Checkpoints that were kept elsewhere: nobody can. */
  readonly kept: CheckpointProof;
  /** The newest checkpoint that fits, of those kept elsewhere where any of them does: what the record is proven by. */
  readonly provenBy: SignedCheckpoint | undefined;
  /** Events behind that one: their alteration, or absence, would not show by it. */
  readonly uncovered: number;
}

export interface RecordToVerify {
  readonly dataDirectory: string;
  /** Kept elsewhere; none by default. */
  readonly checkpoints?: readonly SignedCheckpoint[];
  /** Base64; the one in the data directory by default, which whoever can write there can replace. */
  readonly publicKey?: string | undefined;
  readonly onProgress?: OnProgress;
}

/** Reads only, in the calling thread. Throws EventStoreError `event-store-unavailable` where there is no log. */
export function verifyRecord({ dataDirectory, checkpoints = [], publicKey, onProgress }: RecordToVerify): RecordVerification {
  const proof = openLogProof(dataDirectory);
  try {
    return judge(proof.verify(onProgress), proof, { checkpoints, publicKey: publicKey ?? publicKeyIn(dataDirectory) });
  } finally {
    proof.close();
  }
}

/** What is found in a log, held against the checkpoints in it and those kept elsewhere. */
export function judge(log: LogVerification, proof: LogProof, { checkpoints, publicKey }: { readonly checkpoints: readonly SignedCheckpoint[]; readonly publicKey: string | undefined }): RecordVerification {
  const chain = { lastPosition: log.lastPosition, chainAt: (position: number) => proof.chainAt(position)?.chain };
  // What was recorded while the log was being read is not judged; nor is what an import brought along.
  const imported = Math.max(0, ...proof.eventsOf('imports').map(({ position }) => position));
  const inLog = proof.eventsOf('checkpoints').filter(({ position }) => position <= log.lastPosition);
  const judged = inLog.flatMap(({ position, data }) => (position < imported ? [] : (parsed(data) ?? [])));
  // A key may have been replaced, with a word to those who verify: which one it must be is for those kept elsewhere.
  const recorded = proveByCheckpoints(judged, chain, { whose: 'in the log' });
  const kept = proveByCheckpoints(checkpoints, chain, { publicKey, whose: 'kept elsewhere' });
  // A checkpoint in the log that proves nothing was put there; one kept elsewhere that proves nothing says nothing of the log.
  const problems = [...log.problems, ...kept.problems, ...recorded.problems, ...recorded.unusable];
  const provenBy = kept.newest ?? recorded.newest;
  return { ...log, problems, first: firstOf(problems), recorded, importedAt: imported, former: inLog.filter(({ position }) => position < imported).length, kept, provenBy, uncovered: log.lastPosition - Number(provenBy?.position ?? 0) };
}

/** The earliest event that is named; where none is, the earliest positions; else whatever is wrong. */
export function firstOf(problems: readonly LogProblem[]): LogProblem | undefined {
  const place = ({ event, positions }: LogProblem): number => event?.position ?? positions?.[0] ?? Number.POSITIVE_INFINITY;
  const inLog = problems.filter(({ kind }) => kind !== 'checkpoint');
  const earliest = (inLog.length > 0 ? inLog : problems).toSorted((a, b) => place(a) - place(b));
  return earliest[0];
}

function parsed(data: string): SignedCheckpoint | undefined {
  try {
    return checkpointOf(JSON.parse(data));
  } catch {
    // Then the event was altered, which its group says.
    return undefined;
  }
}

function publicKeyIn(dataDirectory: string): string | undefined {
  try {
    return readFileSync(join(dataDirectory, 'checkpoint-key.pub'), 'utf8').trim();
  } catch {
    return undefined;
  }
}
