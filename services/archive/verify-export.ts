/** Verifies an export: that its events are as they were recorded, offline and without the store. */
import { createReadStream, statSync } from 'node:fs';
import type { SignedCheckpoint } from '../domain/checkpoint.ts';
import type { LogProblem, OnProgress } from '../event-store/log-verification.ts';
import { judge, type RecordVerification } from '../audit/verification.ts';
import { ExportError } from './export-error.ts';
import { exportFormat, type ExportHeader } from './export-format.ts';
import { readExport } from './read-export.ts';
import { rebuildExport } from './rebuilt-export.ts';

export interface ExportVerification extends RecordVerification {
  readonly header: ExportHeader;
}

export interface ExportToVerify {
  readonly file: string;
  /** Kept elsewhere; none by default. */
  readonly checkpoints?: readonly SignedCheckpoint[];
  /** Base64; any by default: an export holds none. */
  readonly publicKey?: string | undefined;
  /** Told of bytes that were read, then of positions that were verified. */
  readonly onProgress?: (step: 'reading' | 'verifying', ...progress: Parameters<OnProgress>) => void;
}

/**
 * Reads it in the calling thread, which runs SQL; what does not fit into memory goes to SQLite's own temporary file. Throws {@link ExportError}
 * `export-unreadable`, `export-too-new` or `export-without-proof`.
 */
export async function verifyExport({ file, checkpoints = [], publicKey, onProgress = () => undefined }: ExportToVerify): Promise<ExportVerification> {
  const size = sizeOf(file);
  const { header, problems, proof } = await rebuildExport(readExport(createReadStream(file)), (bytes) => onProgress('reading', bytes, size));
  try {
    checkHeader(file, header);
    if (header.store !== 'sqlite') throw new ExportError('export-without-proof', `${file} comes from an EventStoreDB, which has no chain that could be verified`);
    const log = proof.verify((done, total) => onProgress('verifying', done, total));
    const cut: readonly LogProblem[] = header.head !== null && Number(header.head) > log.lastPosition ? [missingEnd(log.lastPosition, Number(header.head))] : [];
    const verdict = judge({ ...log, problems: [...log.problems, ...cut, ...problems] }, proof, { checkpoints, publicKey });
    return { ...verdict, header };
  } finally {
    proof.close();
  }
}

function missingEnd(last: number, head: number): LogProblem {
  return { kind: 'missing', message: `Positions ${last + 1} to ${head} are missing: the export goes on to there by its first line.`, positions: [last + 1, head] };
}

/** Throws {@link ExportError} `export-unreadable`. */
export function sizeOf(file: string): number {
  try {
    const found = statSync(file);
    if (found.isFile()) return found.size;
  } catch (error) {
    throw new ExportError('export-unreadable', `${file} can't be read: name the file that events export wrote`, error);
  }
  throw new ExportError('export-unreadable', `${file} is no file: name the one that events export wrote`);
}

/** Throws {@link ExportError} `export-unreadable` or `export-too-new`. */
export function checkHeader(file: string, header: ExportHeader | undefined): asserts header is ExportHeader {
  if (header === undefined) throw new ExportError('export-unreadable', `${file} is no export: its first line is not that of one`);
  if (header.format > exportFormat) throw new ExportError('export-too-new', `${file} has format ${header.format}; this release reads up to ${exportFormat}. Use the release that wrote it, or a newer one`);
}
