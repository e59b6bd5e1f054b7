/**
 * Bindings: the control plane's word, signed by the tunnel identity that join tokens pin, on which certificate its API port
 * shows. With one an agent may trust a self-signed certificate before it has sent anything secret.
 */
import type { KeyObject } from 'node:crypto';
import { Binding, type GetBindingResponse, type SignedSuccession } from './generated/homeport/poll/v1/poll.ts';
import { spkiSha256 } from './fingerprint.ts';
import { followSuccessions, includesFingerprint } from './succession.ts';
import { isSignedByTunnelKey, signByTunnelKey } from './tunnel-signature.ts';

/** Bytes of a binding request's nonce. */
export const BINDING_NONCE_BYTES = 32;

const CONTEXT = 'homeport api binding v1';

/** Why a binding is worth nothing. */
export type BindingErrorCode =
  /** It can't be read. */
  | 'binding-malformed'
  /** Signed by a key that the agent neither accepts nor is led to by successions. */
  | 'fingerprint-mismatch'
  /** The signature does not fit. */
  | 'binding-signature-invalid'
  /** It answers another request: a replay. */
  | 'binding-nonce-mismatch'
  /** It names another certificate than the one seen: someone is in between. */
  | 'binding-certificate-mismatch'
  /** It has ended, by the caller's clock. */
  | 'binding-expired';

const EXPLANATIONS: Readonly<Record<BindingErrorCode, string>> = {
  'binding-malformed': 'the answer cannot be read as a binding',
  'fingerprint-mismatch': 'it is signed by another key than the one that the join token pins',
  'binding-signature-invalid': 'its signature does not fit',
  'binding-nonce-mismatch': 'it answers another request',
  'binding-certificate-mismatch': 'it names another certificate than the one that was shown',
  'binding-expired': "it has ended, or this machine's clock is ahead",
};

/** Thrown by {@link verifyBinding}. */
export class BindingError extends Error {
  override readonly name = 'BindingError';
  readonly code: BindingErrorCode;

  constructor(code: BindingErrorCode) {
    super(`the control plane's proof of its certificate does not hold: ${EXPLANATIONS[code]}`);
    this.code = code;
  }
}

/** Signs a binding with a tunnel identity's private key. `successions` are for agents that know only a former one. */
export function signBinding(binding: Binding, tunnelPrivateKey: KeyObject, successions: readonly SignedSuccession[] = []): GetBindingResponse {
  const encoded = Binding.encode(binding).finish();
  return { binding: encoded, ...signByTunnelKey(CONTEXT, encoded, tunnelPrivateKey), successions: [...successions] };
}

/** What an agent knows when a binding arrives. */
export interface BindingExpectation {
  /** The tunnel fingerprints it accepts, 32 bytes each: that of its join token, or those it was told since. */
  readonly fingerprints: readonly Uint8Array[];
  /** The nonce it sent. */
  readonly nonce: Uint8Array;
  /** SHA-256 over the SPKI of the certificate it saw. */
  readonly spkiSha256: Uint8Array;
  /** Milliseconds since 1970, by its own clock. */
  readonly nowMs: number;
}

/** Checks that an answer binds the certificate seen to a tunnel identity that the agent accepts. Throws {@link BindingError}. */
export function verifyBinding(answer: GetBindingResponse, expected: BindingExpectation): void {
  const known = followSuccessions(expected.fingerprints, answer.successions);
  if (!includesFingerprint(known, spkiSha256(answer.tunnelPublicKey))) throw new BindingError('fingerprint-mismatch');
  if (!isSignedByTunnelKey(CONTEXT, answer.binding, answer)) throw new BindingError('binding-signature-invalid');
  const binding = readBinding(answer.binding);
  if (!Buffer.from(binding.nonce).equals(expected.nonce)) throw new BindingError('binding-nonce-mismatch');
  if (!Buffer.from(binding.spkiSha256).equals(expected.spkiSha256)) throw new BindingError('binding-certificate-mismatch');
  if (binding.expiresAtMs <= expected.nowMs) throw new BindingError('binding-expired');
}

function readBinding(encoded: Uint8Array): Binding {
  try {
    return Binding.decode(encoded);
  } catch {
    throw new BindingError('binding-malformed');
  }
}
