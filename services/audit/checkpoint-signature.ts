/** Whether a checkpoint was signed by the key that it names. */
import nacl from 'tweetnacl';
import { checkpointBytes, type SignedCheckpoint } from '../domain/checkpoint.ts';

/** False for anything that is no such signature. */
export function isSignatureGood(checkpoint: SignedCheckpoint): boolean {
  try {
    const signature = new Uint8Array(Buffer.from(checkpoint.signature, 'base64'));
    const publicKey = new Uint8Array(Buffer.from(checkpoint.publicKey, 'base64'));
    return nacl.sign.detached.verify(checkpointBytes(checkpoint), signature, publicKey);
  } catch {
    // A key or signature of another length.
    return false;
  }
}
