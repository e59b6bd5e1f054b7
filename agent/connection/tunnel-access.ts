/** How the agent comes by tunnel credentials' address with the pinned certificate as its only trust anchor. */
import type { ChannelCredentials, ChannelOptions } from '@grpc/grpc-js';
import { certificateSpkiSha256 } from '../../proto/fingerprint.ts';
import { formatHostPort } from '../../proto/host-port.ts';
import type { HostPort } from '../../proto/host-port.ts';
import { includesFingerprint } from '../../proto/succession.ts';
import { ConnectFailure } from './connect-failure.ts';
import { grpcRoute } from './proxy.ts';
import type { ProxyChoice } from './proxy.ts';
import { shakeHands, sniOf } from './tls-handshake.ts';
import { trustExactly } from './trust.ts';
import type { Trust } from './trust.ts';

/** All that opening a tunnel's gRPC channel needs. */
export interface TunnelRoute {
  /** host:port, the proxy's where there is one. */
  readonly address: string;
  readonly credentials: ChannelCredentials;
  readonly channelOptions: ChannelOptions;
  /** Whether the certificate that is trusted is still pinned. */
  readonly isPinned: () => boolean;
}

export interface TunnelAccess {
  /**
   * Fetches the certificate that the address shows, sends nothing, and compares it with the pins; one that was pinned before
   * is not fetched again while the pins are the same. Throws {@link ConnectFailure}, with fingerprint-mismatch where it is
   * another's, or the signal's reason.
   */
  route(target: HostPort, signal: AbortSignal): Promise<TunnelRoute>;
  /** A tunnel could not be opened there: look at the certificate again next time. */
  forget(target: HostPort): void;
}

/** Creates the access for the pins of 32 bytes that `fingerprints` gives: another array once they change. */
export function createTunnelAccess(fingerprints: () => readonly Uint8Array[], proxyFor: ProxyChoice): TunnelAccess {
  const pinned = new Map<string, { readonly trust: Trust; readonly fingerprint: Uint8Array; readonly by: readonly Uint8Array[] }>();

  return {
    async route(target, signal) {
      const proxy = proxyFor(target);
      const name = formatHostPort(target);
      const accepted = fingerprints();
      let known = pinned.get(name);
      if (known?.by !== accepted) {
        const certificate = await shakeHands(target, proxy, { anyCertificate: true }, signal);
        const fingerprint = certificateSpkiSha256(certificate);
        if (!includesFingerprint(accepted, fingerprint)) throw new ConnectFailure('fingerprint-mismatch');
        known = { trust: trustExactly(certificate), fingerprint, by: accepted };
        pinned.set(name, known);
      }
      const { trust, fingerprint } = known;
      const { address, channelOptions } = grpcRoute(target, proxy);
      return { address, credentials: trust.credentials, channelOptions: { ...channelOptions, 'grpc.ssl_target_name_override': sniOf(target) }, isPinned: () => includesFingerprint(fingerprints(), fingerprint) };
    },
    forget: (target) => void pinned.delete(formatHostPort(target)),
  };
}
