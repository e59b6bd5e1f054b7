/**
 * Preloaded into a server (`--import`) that is to be killed while it writes the files of a new tunnel certificate: at the
 * step that the file named by DIES_AT_STEP says, while there is such a file.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** What has just been done when the process dies: a file under its temporary name is there, empty, or one under its own name, whole. */
export type WritingStep = 'key begun' | 'key named' | 'certificate begun' | 'certificate named';

/** A later tunnel identity's file; the last part while it has its temporary name. */
const FILE = /tls\/tunnel-[0-9a-f]{16}\.(key|pem)(?:\.[0-9a-f]+)?$/;
const { existsSync, openSync, readFileSync, renameSync } = fs;
const stepFile = process.env.DIES_AT_STEP;

function passed(what: 'begun' | 'named', path: unknown): void {
  const [, kind] = FILE.exec(String(path)) ?? [];
  if (kind === undefined || stepFile === undefined || !existsSync(stepFile)) return;
  const step: WritingStep = `${kind === 'key' ? 'key' : 'certificate'} ${what}`;
  if (readFileSync(stepFile, 'utf8') === step) process.kill(process.pid, 'SIGKILL');
}

fs.openSync = (path, ...others) => {
  const file = openSync(path, ...others);
  // `wx`: it makes the file.
  if (others[0] === 'wx') passed('begun', path);
  return file;
};
fs.renameSync = (from, to) => {
  renameSync(from, to);
  passed('named', to);
};
syncBuiltinESMExports();
