/** Keys and certificates as PEM files: written whole or not at all, keys readable by their owner alone. */
import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdirSync, openSync, closeSync, fsyncSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of keys and certificates in a data directory. */
export function tlsFolder(dataDir: string): string {
  return join(dataDir, 'tls');
}

/** Reads a file; undefined where there is none. Throws the system's error for one that can't be read. */
export function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes a file durably under a temporary name and then renames it, so that a crash leaves the old one or the new one. */
export function writeWhole(path: string, text: string, mode: number): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const temporary = `${path}.${randomBytes(6).toString('hex')}`;
  const file = openSync(temporary, 'wx', mode);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
}

/** The EC P-256 private key in a PEM file (PKCS #8, mode 0600), made where there is none. */
export function loadOrMakeKey(path: string): KeyObject {
  const stored = readIfPresent(path);
  if (stored !== undefined) return createPrivateKey(stored);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeWhole(path, keyPem(privateKey), 0o600);
  return privateKey;
}

/** A private key as PKCS #8 PEM. */
export function keyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
