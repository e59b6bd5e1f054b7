/** What the control plane signs for its agents by the tunnel keys they accept: which certificate 9443 shows, and where to call from now on. */
import { signBinding } from '../../proto/binding.ts';
import { endpointsSignedAtMs, signEndpoints } from '../../proto/endpoints.ts';
import type { Clock } from '../application/clock.ts';
import type { createPollsEdge } from '../polls/polls-edge.ts';
import type { ApiCertificate } from './tls/served-certificate.ts';
import type { TunnelIdentities } from './tls/tunnel-identities.ts';

/** How long the certificate's word on itself is good, in milliseconds. */
const bindingMs = 3600_000;

export type AgentSignatures = Pick<Parameters<typeof createPollsEdge>[0], 'signBinding' | 'signEndpoints'>;

export function createAgentSignatures(deps: { readonly identities: TunnelIdentities; readonly certificate: Pick<ApiCertificate, 'current'>; readonly clock: Clock }): AgentSignatures {
  const { identities, certificate, clock } = deps;
  return {
    signBinding(nonce, accepted) {
      const { key, successions } = identities.bindingSignerFor(accepted);
      return signBinding({ spkiSha256: certificate.current().spkiSha256, expiresAtMs: clock.now() + bindingMs, nonce }, key, successions);
    },
    signEndpoints({ environmentId, version, address, tunnelAddress, fingerprints, accepted }, nonce) {
      const { key, successions } = identities.signerFor(accepted);
      const pins = fingerprints.map((one) => Buffer.from(one, 'base64'));
      const signedAtMs = endpointsSignedAtMs(version, clock.now());
      return signEndpoints({ environmentId, version, apiUrl: `https://${address}`, tunnelAddress, fingerprints: pins, nonce, signedAtMs }, key, successions);
    },
  };
}
