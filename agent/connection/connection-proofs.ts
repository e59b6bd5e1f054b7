/** By which tunnel key each connection to the API was proven to be the control plane's, so that it ends with the trust in that key. */
import type { PollServiceClient } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { includesFingerprint } from '../../proto/succession.ts';

export interface ConnectionProofs {
  /** A binding held, signed by the key with this fingerprint (32 bytes). */
  proven(client: PollServiceClient, fingerprint: Uint8Array): void;
  /** Whether it may be used still: that key is accepted, or it was authorities that vouched. */
  holds(client: PollServiceClient): boolean;
}

/** Creates them. `fingerprints` gives those that are accepted now, 32 bytes each. */
export function createConnectionProofs(fingerprints: () => readonly Uint8Array[]): ConnectionProofs {
  const provenBy = new WeakMap<PollServiceClient, Uint8Array>();

  return {
    proven: (client, fingerprint) => void provenBy.set(client, fingerprint),
    holds(client) {
      const fingerprint = provenBy.get(client);
      return fingerprint === undefined || includesFingerprint(fingerprints(), fingerprint);
    },
  };
}
