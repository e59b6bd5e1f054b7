/** The key that checkpoints are signed with: made once, in a file that may lie on another volume than the data. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type CheckpointSigner, createCheckpointSigner } from '../application/checkpoint-signer.ts';
import { StartError } from './start-error.ts';
import { readIfPresent, writeWhole } from './tls/key-files.ts';

const seedBytes = 32;

/**
 * Reads the key (base64, 0600), `keys/checkpoint.key` by default, or makes it the first time; `checkpoint-key.pub` in the data directory
 * holds its public half, for auditors. Throws {@link StartError} `checkpoint-key-missing`, `checkpoint-key-malformed` or
 * `checkpoint-key-wrong`, and the system's errors.
 */
export function loadCheckpointSigner(dataDir: string, keyFile = join(dataDir, 'keys', 'checkpoint.key')): CheckpointSigner {
  const publicFile = join(dataDir, 'checkpoint-key.pub');
  const known = readIfPresent(publicFile)?.trim();
  const advice = `put the key back, or name it by --checkpoint-key-file. To go on with another key, delete ${publicFile} and tell whoever verifies checkpoints`;
  const stored = readIfPresent(keyFile);
  if (stored === undefined && known !== undefined) throw new StartError('checkpoint-key-missing', `${keyFile} is missing, which signs the checkpoints of this installation; ${advice}`);
  const seed = stored === undefined ? randomBytes(seedBytes) : Buffer.from(stored.trim(), 'base64');
  if (seed.length !== seedBytes) throw new StartError('checkpoint-key-malformed', `${keyFile} does not hold a checkpoint key (32 bytes in base64); ${advice}`);
  const signer = createCheckpointSigner(seed);
  if (known !== undefined && known !== signer.publicKey) throw new StartError('checkpoint-key-wrong', `${keyFile} is not the key that signed the checkpoints of this installation so far; ${advice}`);
  if (stored === undefined) writeWhole(keyFile, `${seed.toString('base64')}\n`, 0o600);
  if (known === undefined) writeWhole(publicFile, `${signer.publicKey}\n`, 0o644);
  return signer;
}
