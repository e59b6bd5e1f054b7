/** The release, from the package's own description. */
import { readFileSync } from 'node:fs';

function read(): string {
  // From the sources the description is two folders up; from the published JavaScript three.
  for (const path of ['../../package.json', '../../../package.json']) {
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as { name: string; version: string };
      if (name === 'homeport') return version;
    } catch {
      // the next one
    }
  }
  return '0.0.0';
}

/** Such as 0.1.0. */
export const version = read();
