/** Signs checkpoints by Ed25519. */
import nacl from 'tweetnacl';
import { checkpointBytes, type CheckpointStatement, type SignedCheckpoint } from '../domain/checkpoint.ts';

/** Who signs checkpoints, by an Ed25519 key. */
export interface CheckpointSigner {
  /** 32 bytes in base64. */
  readonly publicKey: string;
  sign(statement: CheckpointStatement): SignedCheckpoint;
}

/** Uses a 32-byte seed, which is secret. Throws where it has another length. */
export function createCheckpointSigner(seed: Uint8Array): CheckpointSigner {
  const pair = nacl.sign.keyPair.fromSeed(new Uint8Array(seed));
  const publicKey = Buffer.from(pair.publicKey).toString('base64');
  return {
    publicKey,
    sign: (statement) => ({
      ...statement,
      publicKey,
      signature: Buffer.from(nacl.sign.detached(checkpointBytes(statement), pair.secretKey)).toString('base64'),
    }),
  };
}
