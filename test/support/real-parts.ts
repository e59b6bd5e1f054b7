/** Suites that need a real part (an engine, an SSH server) are skipped where it is missing, saying why; never in CI. */
import { accessSync, constants, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Context } from 'mocha';
import parts from './real-parts.json' with { type: 'json' };

export type RealPart = 'chromium' | 'dockerd' | 'docker' | 'docker-compose' | 'busybox' | 'curl' | 'haproxy' | 'nats-server' | 'podman' | 'prometheus' | 'promtool' | 'squid' | 'script' | 'stty' | 'systemd' | 'unshare' | 'ssh' | 'sshd' | PythonPart;

/** Debian's Python, which is not always the first on the PATH, and what it needs to speak the protocol. */
type PythonPart = 'python3' | 'python3-grpcio' | 'python3-protobuf' | 'python3-nacl' | 'python3-cryptography';

/** A part without a `file` is a program, to be found on the PATH: the first that is there of `programs`, or the one of its name. */
interface Part {
  readonly name: string;
  readonly programs?: readonly string[];
  readonly package: string;
  readonly file?: string;
  readonly needsRoot: boolean;
}

const known: readonly Part[] = parts;

const FOLDERS = [...(process.env.PATH ?? '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin', '/sbin'];

/** The programs' files. Skips the suite or test whose `this` is given where one is missing; with CI=true throws instead. */
export function requireRealParts(test: Context, ...names: readonly RealPart[]): void {
  for (const name of names) {
    const part = known.find((candidate) => candidate.name === name);
    if (part === undefined) throw new Error(`real-parts.json names no ${name}`);
    if (findPart(name) === undefined) skip(test, `there is no ${name}; to install it: sudo apt-get install ${part.package}`);
    if (part.needsRoot && process.getuid?.() !== 0) skip(test, `${name} needs root; to run it: sudo npm test`);
    if (name === 'busybox' && !isStatic(realPart(name))) skip(test, 'busybox is not static; to install one that is: sudo apt-get install busybox-static');
  }
}

/** A part's file. Throws where it is missing: call {@link requireRealParts} first. */
export function realPart(name: RealPart): string {
  const file = findPart(name);
  if (file === undefined) throw new Error(`there is no ${name}`);
  return file;
}

/** Skips with a reason on stderr; with CI=true it throws, since nothing may be skipped there. */
export function skip(test: Context, reason: string): never {
  if (process.env.CI === 'true') throw new Error(`with CI=true nothing is skipped, but ${reason}`);
  process.stderr.write(`      skipped: ${reason}\n`);
  return test.skip();
}

function findPart(name: RealPart): string | undefined {
  const { file, programs = [name] } = known.find((part) => part.name === name) ?? {};
  if (file !== undefined) return isAccessible(file, constants.R_OK) ? file : undefined;
  return programs.flatMap((program) => FOLDERS.map((folder) => path.join(folder, program))).find((program) => isAccessible(program, constants.X_OK));
}

function isAccessible(file: string, mode: number): boolean {
  try {
    accessSync(file, mode);
    return true;
  } catch {
    return false;
  }
}

/** A program that needs no loader names none at its start. */
function isStatic(file: string): boolean {
  return !readFileSync(file).subarray(0, 4096).includes('/ld-');
}
