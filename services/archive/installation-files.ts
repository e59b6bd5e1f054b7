/** The files of a data directory that agents, auditors and operators depend on: all but the log, and what is made anew. */
import { closeSync, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ExportError } from './export-error.ts';

export interface InstallationFile {
  /** Relative to the data directory. */
  readonly path: string;
  /** Permission bits. */
  readonly mode: number;
  readonly bytes: Buffer;
}

/** The log itself, what holds the directory, and what is made anew. */
const leftOut = /^(events\.db.*|homeport\.lock.*|admin\.sock|read-models|agent|restoring|event-store-kind\.new)$/;
/** What a crash left of a file that is written under another name first. */
const halfWritten = /\.[0-9a-f]{12}$/;

/** Keys and settings are small; whoever keeps his own large files there backs them up himself. */
const maxFileBytes = 16 * 1024 * 1024;

/** Throws {@link ExportError} `no-data-directory` where a file is too large for one of ours, and the system's errors. */
export function readInstallationFiles(dataDirectory: string): readonly InstallationFile[] {
  return inFolder(dataDirectory, '');
}

function inFolder(root: string, folder: string): InstallationFile[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (leftOut.test(path) || halfWritten.test(path)) return [];
    if (entry.isDirectory()) return inFolder(root, path);
    // A link leads to a file that this installation uses as its own, such as a key on another volume.
    return entry.isFile() || entry.isSymbolicLink() ? (readWhole(join(root, path), path) ?? []) : [];
  });
}

/** Undefined where it has gone meanwhile. */
function readWhole(file: string, path: string): InstallationFile | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { mode, size } = fstatSync(descriptor);
    if (size > maxFileBytes) throw new ExportError('no-data-directory', `${file} has ${size} bytes: no file of Homeport's own is so large. Move it out of the data directory`);
    return { path, mode: mode & 0o777, bytes: readFileSync(descriptor) };
  } finally {
    closeSync(descriptor);
  }
}
