/**
 * Successions: a former tunnel identity's word, given when it was replaced, on which one follows it. With them an agent that
 * knows only a former fingerprint comes to know the one in use, however many replacements it missed.
 */
import type { KeyObject } from 'node:crypto';
import { spkiSha256 } from './fingerprint.ts';
import { type SignedSuccession, Succession } from './generated/homeport/poll/v1/poll.ts';
import { isSignedByTunnelKey, signByTunnelKey } from './tunnel-signature.ts';

/** Tunnel fingerprints that an agent accepts at a time, at most. */
export const MOST_FINGERPRINTS = 8;
/** Successions that are followed in one answer, at most: as many as an installation makes in a lifetime. */
const MOST_SUCCESSIONS = 256;

const CONTEXT = 'homeport tunnel succession v1';

/** Signs, with the former identity's private key, that the one with this fingerprint (32 bytes) follows it. */
export function signSuccession(nextFingerprint: Uint8Array, formerKey: KeyObject): SignedSuccession {
  const succession = Succession.encode({ nextFingerprint }).finish();
  return { succession, ...signByTunnelKey(CONTEXT, succession, formerKey) };
}

/** The fingerprints accepted, and those that the successions lead to from there. What can't be read or proven leads nowhere. */
export function followSuccessions(accepted: readonly Uint8Array[], successions: readonly SignedSuccession[]): readonly Uint8Array[] {
  const known = [...accepted];
  for (const one of successions.slice(0, MOST_SUCCESSIONS)) {
    if (!includesFingerprint(known, spkiSha256(one.tunnelPublicKey)) || !isSignedByTunnelKey(CONTEXT, one.succession, one)) continue;
    const next = nextOf(one.succession);
    if (next !== undefined) known.push(next);
  }
  return known;
}

/** Whether a fingerprint is one of these. */
export function includesFingerprint(fingerprints: readonly Uint8Array[], fingerprint: Uint8Array): boolean {
  return fingerprints.some((one) => Buffer.from(one).equals(fingerprint));
}

function nextOf(encoded: Uint8Array): Uint8Array | undefined {
  try {
    const { nextFingerprint } = Succession.decode(encoded);
    return nextFingerprint.length === 32 ? nextFingerprint : undefined;
  } catch {
    return undefined;
  }
}
