/** What a restore has made of a data directory and not completed: what of it may be removed is what it wrote down itself, and nothing else. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { makeDirectory } from '../event-store/make-directory.ts';
import { recordedKind } from './data-directory.ts';
import { ExportError } from './export-error.ts';

/** A restore under way. */
export interface UnfinishedRestore {
  /** Where all is written until it is whole. */
  readonly folder: string;
  /** Puts what is in the folder in its place, and removes the folder. */
  complete(): void;
  /** Leaves the directory as it was found. */
  discard(): void;
}

const folderName = 'restoring';
/** Tells the folder from one that is somebody else's, and names what was put in its place. No file of a backup is called so. */
export const markName = 'homeport-restore';

/** Whether a restore into the directory was begun and not completed. */
export function isRestoreUnfinished(dataDirectory: string): boolean {
  return existsSync(join(dataDirectory, folderName, markName));
}

/** Begins one, in an empty directory or where an earlier one was interrupted. Throws {@link ExportError} `data-directory-not-empty`, and the system's errors. */
export function beginRestore(dataDirectory: string): UnfinishedRestore {
  clear(dataDirectory);
  makeDirectory(dataDirectory);
  const folder = join(dataDirectory, folderName);
  mkdirSync(folder, { mode: 0o700 });
  const mark = join(folder, markName);
  writeFileSync(mark, '', { flush: true });
  return {
    folder,
    complete() {
      const names = readdirSync(folder).filter((name) => name !== markName).toSorted();
      writeFileSync(mark, names.map((name) => `${name}\n`).join(''), { flush: true });
      for (const name of names) renameSync(join(folder, name), join(dataDirectory, name));
      rmSync(mark);
      rmdirSync(folder);
    },
    discard: () => clear(dataDirectory),
  };
}

/** Leaves an empty directory, or none. Throws {@link ExportError} `data-directory-not-empty` where there is anything that no interrupted restore left. */
function clear(dataDirectory: string): void {
  if (!existsSync(dataDirectory)) return;
  const names = readdirSync(dataDirectory).filter((name) => name !== 'lost+found');
  const folder = join(dataDirectory, folderName);
  // One that died before it had its mark left an empty folder.
  const isNew = names.every((name) => name === folderName && readdirSync(folder).length === 0);
  const put = isNew ? [] : namesPut(folder);
  if (put === undefined || !names.every((name) => name === folderName || put.includes(name))) {
    const what = recordedKind(dataDirectory) === undefined ? 'is not empty' : 'holds an installation already';
    throw new ExportError('data-directory-not-empty', `${dataDirectory} ${what}. Name a new --data-dir to restore into`);
  }
  const remove = (path: string): void => rmSync(path, { recursive: true, force: true });
  for (const name of put) remove(join(dataDirectory, name));
  if (!names.includes(folderName)) return;
  // The mark last, so that an interruption leaves it to tell.
  for (const name of readdirSync(folder)) if (name !== markName) remove(join(folder, name));
  remove(join(folder, markName));
  rmdirSync(folder);
}

/** What an interrupted restore had begun to put in its place; undefined where there was none, and where something else wrote it: what it names would be removed. */
function namesPut(folder: string): readonly string[] | undefined {
  try {
    const names = readFileSync(join(folder, markName), 'utf8').split('\n').filter((name) => name !== '');
    return names.every((name) => name === basename(name) && name !== '.' && name !== '..') ? names : undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return undefined;
    throw error;
  }
}
