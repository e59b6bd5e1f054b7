/** Writes a backup of a data directory, beside its running server or without one, at the pace of whoever takes it. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { releaseVersion } from '../../proto/release.ts';
import { bytesEntry, tar, type TarEntry } from '../agent-delivery/tar.ts';
import { openLogArchive } from '../event-store/open.ts';
import type { LogArchive } from '../event-store/log-archive.ts';
import type { OnProgress } from '../event-store/log-verification.ts';
import { backupFormat, type BackupEntry, type BackupManifest, endName, eventsFolder, filesFolder, manifestName } from './backup-format.ts';
import { recordedKind } from './data-directory.ts';
import { ExportError } from './export-error.ts';
import { readInstallationFiles } from './installation-files.ts';
import { lastPositionIn } from './last-position.ts';
import { archiveSource, writeExport } from './write-export.ts';

export interface Backup {
  readonly manifest: BackupManifest;
  /** Secret: the keys are in it. Taken once. */
  readonly bytes: AsyncGenerator<Buffer, void, undefined>;
  /** The files in it, relative to the data directory, once all was taken. */
  files(): readonly string[];
}

/** Pieces of the export are about so large; each is held in memory. */
const pieceBytes = 4 * 1024 * 1024;

/**
 * Begins it: the calling thread runs SQL as it is taken, and its reading holds nobody up. `onProgress` is told positions. Throws {@link ExportError}
 * `no-data-directory`, and EventStoreError.
 */
export function writeBackup(dataDirectory: string, options: { readonly at: string; readonly onProgress?: OnProgress }): Backup {
  const store = existsSync(dataDirectory) ? recordedKind(dataDirectory) : undefined;
  if (store === undefined) throw new ExportError('no-data-directory', `${dataDirectory} holds no Homeport data: name the folder that serve was given as --data-dir`);
  const archive = store === 'sqlite' ? openLogArchive(dataDirectory) : undefined;
  const head = archive === undefined || archive.head === 0 ? null : String(archive.head);
  const manifest: BackupManifest = { homeport: 'backup', format: backupFormat, release: releaseVersion(), at: options.at, store, head };
  const files: string[] = [];
  const entries = entriesOf(dataDirectory, manifest, archive, { ...options, onFile: (path) => files.push(path) });
  return { manifest, bytes: tar(entries), files: () => files };
}

async function* entriesOf(
  dataDirectory: string,
  manifest: BackupManifest,
  archive: LogArchive | undefined,
  { at, onProgress, onFile }: { readonly at: string; readonly onProgress?: OnProgress; readonly onFile: (path: string) => void },
): AsyncGenerator<TarEntry, void, undefined> {
  const written: BackupEntry[] = [];
  const entry = (name: string, bytes: Buffer, mode = 0o600): TarEntry => {
    written.push({ name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
    return bytesEntry(name, bytes, mode);
  };
  try {
    yield entry(manifestName, json(manifest));
    // Where the tunnel certificate is rotated meanwhile, what was recorded up to here may need the key of before, or already the next one.
    const before = readInstallationFiles(dataDirectory);
    if (archive !== undefined) {
      let piece = 0;
      for await (const bytes of inPieces(writeExport(archiveSource(archive), { filter: {}, at }))) {
        piece += 1;
        yield entry(`${eventsFolder}${String(piece).padStart(8, '0')}.ndjson`, bytes);
        onProgress?.(Math.max(0, lastPositionIn(bytes) ?? 0), archive.head);
      }
    }
    const files = new Map([...before, ...readInstallationFiles(dataDirectory)].map((file) => [file.path, file]));
    for (const { path, bytes, mode } of files.values()) {
      onFile(path);
      yield entry(`${filesFolder}${path}`, bytes, mode);
    }
    yield bytesEntry(endName, json({ entries: written }), 0o600);
  } finally {
    archive?.close();
  }
}

async function* inPieces(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let held: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    held.push(chunk);
    size += chunk.length;
    if (size < pieceBytes) continue;
    yield Buffer.concat(held);
    held = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(held);
}

function json(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}
