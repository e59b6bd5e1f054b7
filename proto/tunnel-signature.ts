/** Signatures by tunnel identities' keys: ECDSA P-256 with SHA-256, DER, each kind of message under a context of its own. */
import { createPublicKey, sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** What a signature is good for: it stands before the message, with a zero byte in between, in what is signed. */
export type SignatureContext = 'homeport api binding v1' | 'homeport endpoints v1' | 'homeport tunnel succession v1';

/** A signature, and the key (SPKI, DER) it is to be checked with. */
export interface TunnelSignature {
  readonly signature: Uint8Array;
  readonly tunnelPublicKey: Uint8Array;
}

/** Signs a message with a tunnel identity's private key. */
export function signByTunnelKey(context: SignatureContext, message: Uint8Array, key: KeyObject): { signature: Buffer; tunnelPublicKey: Buffer } {
  return {
    signature: sign('sha256', signed(context, message), { key, dsaEncoding: 'der' }),
    tunnelPublicKey: createPublicKey(key).export({ type: 'spki', format: 'der' }),
  };
}

/** Whether the key that comes with the signature made it. It says nothing about whose key that is. */
export function isSignedByTunnelKey(context: SignatureContext, message: Uint8Array, { signature, tunnelPublicKey }: TunnelSignature): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(tunnelPublicKey), format: 'der', type: 'spki' });
    return key.asymmetricKeyType === 'ec' && verify('sha256', signed(context, message), { key, dsaEncoding: 'der' }, signature);
  } catch {
    return false;
  }
}

function signed(context: SignatureContext, message: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${context}\0`, 'utf8'), message]);
}
