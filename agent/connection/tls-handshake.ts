/** A TLS handshake with the control plane, and nothing after it. */
import { isIP } from 'node:net';
import * as tls from 'node:tls';
import type { X509Certificate } from 'node:crypto';
import type { HostPort } from '../../proto/host-port.ts';
import { ConnectFailure, connectFailureFrom } from './connect-failure.ts';
import { openSocket } from './open-socket.ts';
import type { Proxy } from './proxy.ts';

/** The name asked for by SNI where the address is an IP address, which SNI can't carry. */
export const SNI_FOR_IP = 'control-plane.homeport.internal';

/** The name asked for by SNI: the host's own, unless it is an IP address. */
export function sniOf({ host }: HostPort): string {
  return isIP(host) === 0 ? host : SNI_FOR_IP;
}

/** What a handshake accepts: any certificate, or what a context and an identity check let through. */
export type Acceptance =
  | { readonly anyCertificate: true }
  | {
      readonly anyCertificate: false;
      readonly secureContext: tls.SecureContext;
      readonly checkServerIdentity: (host: string, certificate: tls.PeerCertificate) => Error | undefined;
    };

/**
 * Connects, shakes hands offering HTTP/2 alone, and hangs up without having sent anything. Returns the certificate shown.
 * Throws {@link ConnectFailure}, with http2-missing where HTTP/2 is not spoken, or the signal's reason.
 */
export async function shakeHands(target: HostPort, proxy: Proxy | undefined, acceptance: Acceptance, signal: AbortSignal): Promise<X509Certificate> {
  const socket = await openSocket(target, proxy, signal);
  const secure = tls.connect({
    socket,
    servername: sniOf(target),
    ALPNProtocols: ['h2'],
    ...(acceptance.anyCertificate
      ? { rejectUnauthorized: false }
      : { secureContext: acceptance.secureContext, checkServerIdentity: acceptance.checkServerIdentity }),
  });
  const abort = (): void => void secure.destroy(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
  signal.addEventListener('abort', abort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      secure.once('secureConnect', resolve);
      secure.once('error', reject);
      secure.once('close', () => reject(new ConnectFailure('connection-broken', 'the connection was closed during the TLS handshake')));
    });
    const certificate = secure.getPeerX509Certificate();
    if (certificate === undefined) throw new ConnectFailure('connection-broken', 'no certificate was shown');
    if (secure.alpnProtocol !== 'h2') throw new ConnectFailure('http2-missing');
    return certificate;
  } catch (error) {
    signal.throwIfAborted();
    throw connectFailureFrom(error);
  } finally {
    signal.removeEventListener('abort', abort);
    secure.on('error', () => undefined);
    secure.destroy();
  }
}
