/** Restores a backup into a new data directory: all of it, or nothing. */
import { chmodSync, createReadStream, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDirectory } from '../event-store/make-directory.ts';
import { importLog } from '../event-store/open.ts';
import type { OnProgress } from '../event-store/log-verification.ts';
import type { BackupManifest } from './backup-format.ts';
import { ExportError } from './export-error.ts';
import { importAsItWas } from './import-as-it-was.ts';
import type { ImportedLog } from './import-result.ts';
import { type BackupPart, readBackup } from './read-backup.ts';
import { readExport } from './read-export.ts';
import { beginRestore, markName } from './unfinished-restore.ts';

export interface Restored {
  readonly manifest: BackupManifest;
  /** Undefined where the events are in an EventStoreDB. */
  readonly log: ImportedLog | undefined;
  /** Relative to the data directory. */
  readonly files: readonly string[];
}

/**
 * Interrupted, it is begun anew when it is run again. The calling thread runs SQL. Throws {@link ExportError} `data-directory-not-empty`, `backup-unreadable`,
 * `backup-too-new`, `backup-altered` or `import-differs`, EventStoreError, and the system's errors.
 */
export async function restoreBackup(file: string, dataDirectory: string, options: { readonly onProgress?: (step: 'restoring' | 'verifying', ...progress: Parameters<OnProgress>) => void; readonly signal?: AbortSignal } = {}): Promise<Restored> {
  const size = sizeOf(file);
  const unfinished = beginRestore(dataDirectory);
  const { onProgress } = options;
  const source = createReadStream(file, { highWaterMark: 1024 * 1024 });
  const state = { manifest: undefined as BackupManifest | undefined, files: [] as string[], isWhole: false };
  const parts = readBackup(file, source);
  let log: ImportedLog | undefined;
  try {
    const first = await parts.next();
    if (first.done !== true && first.value.kind === 'manifest') state.manifest = first.value.manifest;
    const { manifest } = state;
    if (manifest === undefined) throw new TypeError('A backup begins with its manifest.');
    const rest = withoutFiles(file, parts, unfinished.folder, state);
    if (manifest.store === 'sqlite') {
      const importing = importLog(unfinished.folder);
      try {
        log = await importAsItWas({ lines: readExport(rest), signal: options.signal, onRead: () => onProgress?.('restoring', source.bytesRead, size), onVerified: (done, total) => onProgress?.('verifying', done, total) }, importing);
        checkWhole(file, state, manifest, log);
        importing.complete();
      } catch (error) {
        importing.discard();
        throw error;
      }
    } else {
      for await (const _events of rest) throw new ExportError('backup-altered', `${file} is damaged: it holds events, which its manifest says are elsewhere`);
    }
    options.signal?.throwIfAborted();
    unfinished.complete();
    return { manifest, log, files: state.files };
  } catch (error) {
    source.destroy();
    unfinished.discard();
    throw error;
  }
}

/** The bytes of the events; files are written as they come by. */
async function* withoutFiles(file: string, parts: AsyncIterable<BackupPart>, folder: string, state: { files: string[]; isWhole: boolean }): AsyncGenerator<Buffer, void, undefined> {
  for await (const part of parts) {
    if (part.kind === 'events') yield part.bytes;
    else if (part.kind === 'end') state.isWhole = true;
    else if (part.kind === 'file') {
      if (part.path === markName) throw new ExportError('backup-altered', `${file} is damaged: ${part.path} does not belong there. Take another copy of it, or another backup`);
      const path = join(folder, part.path);
      makeDirectory(dirname(path));
      writeFileSync(path, part.bytes, { mode: part.mode, flush: true });
      chmodSync(path, part.mode);
      state.files.push(part.path);
    }
  }
}

function checkWhole(file: string, { isWhole }: { readonly isWhole: boolean }, { head }: BackupManifest, { lastPosition }: ImportedLog): void {
  if (!isWhole) throw new ExportError('backup-altered', `${file} is damaged: it has no end. Take another copy of it, or another backup`);
  if (lastPosition !== Number(head ?? 0)) throw new ExportError('backup-altered', `${file} is damaged: its events end at position ${lastPosition} instead of ${head ?? 0}. Take another copy of it, or another backup`);
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch (error) {
    throw new ExportError('backup-unreadable', `${file} can't be read: name a file that homeport backup wrote`, error);
  }
}
