/** Makes a folder and those above it. Node's own recursive mkdir never returns where the file system takes no folders, such as in /proc. */
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Folders made are for this user alone (0700). Throws the file system's error, also where a file is in the way. */
export function makeDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  mkdirSync(path, { mode: 0o700 });
}
