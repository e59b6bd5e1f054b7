/** What makes an installation itself: its key and the id of this node, in files made on first start. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { randomId } from '../application/random-id.ts';
import { StartError } from './options.ts';
import { readIfPresent, writeWhole } from './tls/key-files.ts';

export interface Installation {
  /** 32 bytes. Secret. */
  readonly key: Uint8Array;
  /** [a-z0-9]+; in the names of the streams that only this node writes. */
  readonly controlPlaneNode: string;
}

/** Reads or makes them. Throws {@link StartError} `installation-key-malformed`, and the system's errors. */
export function loadInstallation(dataDir: string, keyFile: string | undefined): Installation {
  return { key: loadKey(keyFile ?? join(dataDir, 'keys', 'installation.key')), controlPlaneNode: loadNodeId(join(dataDir, 'node-id')) };
}

function loadKey(path: string): Uint8Array {
  const stored = readIfPresent(path);
  if (stored === undefined) {
    const key = randomBytes(32);
    writeWhole(path, `${key.toString('base64')}\n`, 0o600);
    return key;
  }
  const key = Buffer.from(stored.trim(), 'base64');
  if (key.length !== 32) {
    throw new StartError('installation-key-malformed', `${path} does not hold an installation key (32 bytes in base64); put the one back that this installation was made with`);
  }
  return key;
}

function loadNodeId(path: string): string {
  const stored = readIfPresent(path)?.trim();
  if (stored !== undefined && /^[a-z0-9]{1,32}$/.test(stored)) return stored;
  const made = randomId();
  writeWhole(path, `${made}\n`, 0o644);
  return made;
}
