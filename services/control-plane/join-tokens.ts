/** What agents join by: secrets that the installation's key gives, and tokens that name the tunnel identity in use. */
import { deriveJoinSecret } from '../../proto/join-secret.ts';
import { encodeJoinToken } from '../../proto/join-token.ts';
import type { createApplication } from '../application/application.ts';
import type { TunnelIdentities } from './tls/tunnel-identities.ts';

export type JoinTokens = Pick<Parameters<typeof createApplication>[0], 'joinSecret' | 'mintJoinToken'>;

/** @param installationKey 32 bytes, secret */
export function createJoinTokens({ installationKey, identities }: { readonly installationKey: Uint8Array; readonly identities: Pick<TunnelIdentities, 'fingerprint'> }): JoinTokens {
  const joinSecret = (environmentId: string, tokenVersion: number): Uint8Array => deriveJoinSecret(installationKey, environmentId, tokenVersion);
  return {
    joinSecret,
    mintJoinToken: ({ environmentId, address, tunnelAddress, joinTokenVersion }) =>
      encodeJoinToken({
        apiUrl: `https://${address}`,
        tunnelAddress,
        tunnelFingerprint: identities.fingerprint(),
        environmentId,
        joinSecret: joinSecret(environmentId, joinTokenVersion),
      }),
  };
}
