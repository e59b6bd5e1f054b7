/** What makes an installation itself: its key and the id of this node, in files made on first start. */
import { createHmac, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { randomId } from '../application/random-id.ts';
import { StartError } from './start-error.ts';
import { readIfPresent, writeWhole } from './tls/key-files.ts';

export interface Installation {
  /** 32 bytes. Secret. */
  readonly key: Uint8Array;
  /** [a-z0-9]+; in the names of the streams that only this node writes. */
  readonly controlPlaneNode: string;
}

/**
 * Reads them, or makes them where there is no log yet. Throws {@link StartError} `installation-key-malformed`,
 * `installation-key-missing`, `installation-key-wrong`, and the system's errors.
 */
export function loadInstallation(dataDir: string, options: { readonly keyFile: string | undefined; readonly isNew: boolean }): Installation {
  const path = options.keyFile ?? join(dataDir, 'keys', 'installation.key');
  const key = loadKey(path, options.isNew);
  checkKey(key, path, join(dataDir, 'installation-key-check'));
  return { key, controlPlaneNode: loadNodeId(join(dataDir, 'node-id')) };
}

/** What is kept beside the log tells the right key from any other, and nothing about it. */
function checkKey(key: Uint8Array, path: string, checkPath: string): void {
  const check = createHmac('sha256', key).update('homeport installation key check v1').digest('hex');
  const stored = readIfPresent(checkPath)?.trim();
  if (stored === undefined) writeWhole(checkPath, `${check}\n`, 0o644);
  else if (stored !== check) throw new StartError('installation-key-wrong', `${path} is not the key that this installation was made with; put that one back`);
}

function loadKey(path: string, mayMake: boolean): Uint8Array {
  const stored = readIfPresent(path);
  if (stored === undefined) {
    if (!mayMake) {
      throw new StartError('installation-key-missing', `${path} is missing, and this installation's join tokens and passwords need it; put it back, or name it by --key-file`);
    }
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
