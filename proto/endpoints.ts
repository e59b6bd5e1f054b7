/**
 * Endpoints: where an environment's agents reach the control plane from now on, and which tunnel fingerprints count, signed
 * by the tunnel identity. Neither a proxy nor a man in the middle with a good certificate can move an agent with less.
 */
import type { KeyObject } from 'node:crypto';
import { spkiSha256 } from './fingerprint.ts';
import { Endpoints, type SignedEndpoints, type SignedSuccession } from './generated/homeport/poll/v1/poll.ts';
import { parseHostPort } from './host-port.ts';
import { isApiUrl } from './join-token.ts';
import { MOST_FINGERPRINTS, followSuccessions, includesFingerprint } from './succession.ts';
import { isSignedByTunnelKey, signByTunnelKey } from './tunnel-signature.ts';

const CONTEXT = 'homeport endpoints v1';

/** Bytes of the nonce in an agent's hello. */
export const ENDPOINTS_NONCE_BYTES = 32;

/** Why endpoints are worth nothing. */
export type EndpointsErrorCode =
  /** Signed by a key that the agent neither accepts nor is led to by successions. */
  | 'fingerprint-mismatch'
  /** The signature does not fit. */
  | 'endpoints-signature-invalid'
  /** They answer another call: a replay. */
  | 'endpoints-nonce-mismatch'
  /** They can't be read, leave the agent nowhere to go, or have a version that no time gives. */
  | 'endpoints-malformed'
  /** They are another environment's. */
  | 'endpoints-of-another'
  /** No newer than those the agent has: of a control plane that was restored from a backup. */
  | 'endpoints-outdated';

const EXPLANATIONS: Readonly<Record<EndpointsErrorCode, string>> = {
  'fingerprint-mismatch': 'they are signed by a key that this agent does not accept',
  'endpoints-signature-invalid': 'their signature does not fit',
  'endpoints-nonce-mismatch': 'they answer another call',
  'endpoints-malformed': 'they cannot be read',
  'endpoints-of-another': "they are another environment's",
  'endpoints-outdated': 'they are no newer than those this agent goes by',
};

/** Thrown by {@link verifyEndpoints}. */
export class EndpointsError extends Error {
  override readonly name = 'EndpointsError';
  readonly code: EndpointsErrorCode;

  constructor(code: EndpointsErrorCode) {
    super(`the endpoints that came with an answer are not used: ${EXPLANATIONS[code]}`);
    this.code = code;
  }
}

/**
 * The highest version there can be at an instant (milliseconds since 1970): a version is the sum of two instants that have passed. So one
 * that a stolen key made up, to be the last for ever, is told from one that a control plane gave.
 */
export function highestEndpointsVersion(atMs: number): number {
  return 2 * atMs;
}

/** When endpoints of this version are said to be signed: now, or as late as the version needs it where the clock was set back since. */
export function endpointsSignedAtMs(version: number, nowMs: number): number {
  return Math.max(nowMs, Math.ceil(version / 2));
}

/** Signs endpoints with the private key of the tunnel identity in use. `successions` are for agents that know only a former one. */
export function signEndpoints(endpoints: Endpoints, tunnelPrivateKey: KeyObject, successions: readonly SignedSuccession[]): SignedEndpoints {
  const encoded = Endpoints.encode(endpoints).finish();
  return { endpoints: encoded, ...signByTunnelKey(CONTEXT, encoded, tunnelPrivateKey), successions: [...successions] };
}

/** What an agent knows when endpoints arrive. */
export interface EndpointsExpectation {
  readonly environmentId: string;
  /** The fingerprints it accepts, 32 bytes each. */
  readonly fingerprints: readonly Uint8Array[];
  /** The version it goes by; 0 where it has none but its join token's. */
  readonly version: number;
  /** The nonce of its hello on this call. */
  readonly nonce: Uint8Array;
}

/**
 * Reads endpoints that were signed for this agent's call and are newer than its own; where its own have a version that the signer's time can't
 * have given, any. Throws {@link EndpointsError}.
 */
export function verifyEndpoints(answer: SignedEndpoints, expected: EndpointsExpectation): Endpoints {
  const signer = spkiSha256(answer.tunnelPublicKey);
  if (!includesFingerprint(followSuccessions(expected.fingerprints, answer.successions), signer)) throw new EndpointsError('fingerprint-mismatch');
  if (!isSignedByTunnelKey(CONTEXT, answer.endpoints, answer)) throw new EndpointsError('endpoints-signature-invalid');
  const endpoints = readEndpoints(answer.endpoints);
  // Who signs must be accepted by what it says, or the next ones could not be.
  if (!isUsable(endpoints) || !includesFingerprint(endpoints.fingerprints, signer)) throw new EndpointsError('endpoints-malformed');
  const highest = highestEndpointsVersion(endpoints.signedAtMs);
  if (endpoints.version < 1 || endpoints.version > highest) throw new EndpointsError('endpoints-malformed');
  if (endpoints.environmentId !== expected.environmentId) throw new EndpointsError('endpoints-of-another');
  if (!Buffer.from(endpoints.nonce).equals(expected.nonce)) throw new EndpointsError('endpoints-nonce-mismatch');
  if (endpoints.version <= expected.version && expected.version <= highest) throw new EndpointsError('endpoints-outdated');
  return endpoints;
}

/** Whether addresses and fingerprints are such that an agent can go by them. */
export function isUsable({ apiUrl, tunnelAddress, fingerprints }: Pick<Endpoints, 'apiUrl' | 'tunnelAddress' | 'fingerprints'>): boolean {
  const isCountRight = fingerprints.length >= 1 && fingerprints.length <= MOST_FINGERPRINTS;
  return isApiUrl(apiUrl) && parseHostPort(tunnelAddress) !== undefined && isCountRight && fingerprints.every(({ length }) => length === 32);
}

function readEndpoints(encoded: Uint8Array): Endpoints {
  try {
    return Endpoints.decode(encoded);
  } catch {
    throw new EndpointsError('endpoints-malformed');
  }
}
