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

/** Why endpoints are worth nothing. */
export type EndpointsErrorCode =
  /** Signed by a key that the agent neither accepts nor is led to by successions. */
  | 'fingerprint-mismatch'
  /** The signature does not fit. */
  | 'endpoints-signature-invalid'
  /** They can't be read, or leave the agent nowhere to go. */
  | 'endpoints-malformed'
  /** They are another environment's. */
  | 'endpoints-of-another'
  /** No newer than those the agent has: a replay, or a control plane that was restored from a backup. */
  | 'endpoints-outdated';

const EXPLANATIONS: Readonly<Record<EndpointsErrorCode, string>> = {
  'fingerprint-mismatch': 'they are signed by a key that this agent does not accept',
  'endpoints-signature-invalid': 'their signature does not fit',
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
}

/** Reads endpoints that hold for this agent and are newer than its own. Throws {@link EndpointsError}. */
export function verifyEndpoints(answer: SignedEndpoints, expected: EndpointsExpectation): Endpoints {
  const signer = spkiSha256(answer.tunnelPublicKey);
  if (!includesFingerprint(followSuccessions(expected.fingerprints, answer.successions), signer)) throw new EndpointsError('fingerprint-mismatch');
  if (!isSignedByTunnelKey(CONTEXT, answer.endpoints, answer)) throw new EndpointsError('endpoints-signature-invalid');
  const endpoints = readEndpoints(answer.endpoints);
  // Who signs must be accepted by what it says, or the next ones could not be.
  if (!isUsable(endpoints) || !includesFingerprint(endpoints.fingerprints, signer)) throw new EndpointsError('endpoints-malformed');
  if (endpoints.environmentId !== expected.environmentId) throw new EndpointsError('endpoints-of-another');
  if (endpoints.version <= expected.version) throw new EndpointsError('endpoints-outdated');
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
