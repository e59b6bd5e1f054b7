/** Exports of a log, as files that a spec may spoil. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { ExportFilter } from '../../../services/archive/export-filter.ts';
import { exportStore } from '../../../services/archive/export-store.ts';
import { verifyExport, type ExportVerification } from '../../../services/archive/verify-export.ts';
import type { SignedCheckpoint } from '../../../services/domain/checkpoint.ts';

const { signal } = new AbortController();

/** Exports a data directory into a file of that name in the folder, and answers the file. */
export async function exportTo(folder: string, name: string, source: { readonly dataDirectory?: string; readonly server?: string }, filter: ExportFilter = {}): Promise<string> {
  const file = path.join(folder, name);
  writeFileSync(file, await buffer(exportStore({ dataDirectory: source.dataDirectory, server: source.server, filter, signal })));
  return file;
}

/** The lines, each without its end. */
export function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').trimEnd().split('\n');
}

/** A copy whose lines were changed. */
export function respoken(file: string, change: (lines: string[]) => readonly string[]): string {
  const changed = `${file}.changed`;
  writeFileSync(changed, `${change(linesOf(file)).join('\n')}\n`);
  return changed;
}

export function verdictOn(file: string, checkpoints: readonly SignedCheckpoint[] = []): Promise<ExportVerification> {
  return verifyExport({ file, checkpoints });
}
