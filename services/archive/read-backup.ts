/** Reads a backup, entry by entry, and holds it against its end: what is cut off or was changed is told. */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { extract as createExtract } from 'tar-stream';
import { backupFormat, type BackupEntry, type BackupManifest, endName, eventsFolder, filesFolder, manifestName, parseEnd, parseManifest } from './backup-format.ts';
import { ExportError } from './export-error.ts';

export type BackupPart =
  | { readonly kind: 'manifest'; readonly manifest: BackupManifest }
  | { readonly kind: 'events'; readonly bytes: Buffer }
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly bytes: Buffer }
  /** All before it is as it was written. Nothing comes after. */
  | { readonly kind: 'end' };

/** More than any entry that a backup has. */
const maxEntryBytes = 128 * 1024 * 1024;

/** `name` is the backup's, for messages. Throws {@link ExportError} `backup-unreadable`, `backup-too-new` or `backup-altered`. */
export async function* readBackup(name: string, bytes: Readable): AsyncGenerator<BackupPart, void, undefined> {
  const extract = createExtract();
  bytes.once('error', (error) => extract.destroy(error));
  bytes.pipe(extract);
  const read: BackupEntry[] = [];
  let isEnded = false;
  try {
    for await (const entry of extract) {
      const { name: path, size, mode } = entry.header as { readonly name: string; readonly size: number; readonly mode: number };
      if (read.length === 0 && path !== manifestName) throw notABackup(name);
      if (isEnded || size > maxEntryBytes) throw altered(name, `${path} does not belong there`);
      const content = await contentOf(entry);
      if (path === endName) {
        checkEnd(name, content, read);
        isEnded = true;
        continue;
      }
      read.push({ name: path, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') });
      yield partOf(name, path, mode, content);
    }
  } catch (error) {
    if (error instanceof ExportError) throw error;
    throw read.length === 0 ? notABackup(name, error) : altered(name, error instanceof Error ? error.message : String(error), error);
  } finally {
    bytes.destroy();
    extract.destroy();
  }
  if (read.length === 0) throw notABackup(name);
  if (!isEnded) throw altered(name, 'it was cut off');
  yield { kind: 'end' };
}

async function contentOf(entry: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of entry) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

function partOf(name: string, path: string, mode: number, bytes: Buffer): BackupPart {
  if (path === manifestName) {
    const manifest = parseManifest(bytes.toString());
    if (manifest === undefined) throw notABackup(name);
    if (manifest.format > backupFormat) throw new ExportError('backup-too-new', `${name} has format ${manifest.format}, written by release ${manifest.release}; this release reads up to ${backupFormat}. Restore it with that release, or a newer one`);
    return { kind: 'manifest', manifest };
  }
  if (path.startsWith(eventsFolder)) return { kind: 'events', bytes };
  const relative = path.startsWith(filesFolder) ? path.slice(filesFolder.length) : '';
  if (relative === '' || relative.split('/').some((part) => part === '' || part === '.' || part === '..') || relative.includes('\0')) throw altered(name, `${path} does not belong there`);
  return { kind: 'file', path: relative, mode: mode & 0o777, bytes };
}

function checkEnd(name: string, content: Buffer, read: readonly BackupEntry[]): void {
  const end = parseEnd(content.toString());
  if (end === undefined) throw altered(name, 'its last entry can’t be read');
  for (const [index, { name: path, bytes, sha256 }] of read.entries()) {
    const written = end.entries[index];
    if (written?.name !== path || written.bytes !== bytes || written.sha256 !== sha256) throw altered(name, `${path} is not what was written`);
  }
  if (end.entries.length !== read.length) throw altered(name, `${end.entries[read.length]?.name ?? 'an entry'} is missing`);
}

function notABackup(name: string, cause?: unknown): ExportError {
  return new ExportError('backup-unreadable', `${name} is no backup of Homeport: name a file that homeport backup wrote`, cause);
}

function altered(name: string, why: string, cause?: unknown): ExportError {
  return new ExportError('backup-altered', `${name} is damaged: ${why}. Take another copy of it, or another backup`, cause);
}
