/** Suites that need a real part (an engine, an SSH server) are skipped where it is missing, saying why; never in CI. */
import { accessSync, constants, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Context } from 'mocha';
import parts from './real-parts.json' with { type: 'json' };

export type RealPart = 'dockerd' | 'docker' | 'busybox' | 'curl' | 'haproxy' | 'squid' | 'script' | 'stty' | 'unshare' | 'ssh' | 'sshd';

const FOLDERS = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin', '/sbin'];

/** The programs' files. Skips the suite or test whose `this` is given where one is missing; with CI=true throws instead. */
export function requireRealParts(test: Context, ...names: readonly RealPart[]): void {
  for (const name of names) {
    const part = parts.find((candidate) => candidate.name === name);
    if (part === undefined) throw new Error(`real-parts.json names no ${name}`);
    if (findProgram(name) === undefined) skip(test, `there is no ${name}; to install it: sudo apt-get install ${part.package}`);
    if (part.needsRoot && process.getuid?.() !== 0) skip(test, `${name} needs root; to run it: sudo npm test`);
    if (name === 'busybox' && !isStatic(realPart(name))) skip(test, 'busybox is not static; to install one that is: sudo apt-get install busybox-static');
  }
}

/** A program's file. Throws where it is missing: call {@link requireRealParts} first. */
export function realPart(name: RealPart): string {
  const file = findProgram(name);
  if (file === undefined) throw new Error(`there is no ${name}`);
  return file;
}

/** Skips with a reason on stderr; with CI=true it throws, since nothing may be skipped there. */
export function skip(test: Context, reason: string): never {
  if (process.env.CI === 'true') throw new Error(`with CI=true nothing is skipped, but ${reason}`);
  process.stderr.write(`      skipped: ${reason}\n`);
  return test.skip();
}

function findProgram(name: string): string | undefined {
  return FOLDERS.map((folder) => path.join(folder, name)).find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** A program that needs no loader names none at its start. */
function isStatic(file: string): boolean {
  return !readFileSync(file).subarray(0, 4096).includes('/ld-');
}
