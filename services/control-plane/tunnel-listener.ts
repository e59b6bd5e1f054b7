/** The tunnel port: TLS with the control plane's pinned identity, HTTP/2 only, bounded before authentication. */
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { systemClock, type Clock } from '../application/clock.ts';
import { ADMISSION_MS } from '../tunnels/admission.ts';
import { SILENT_CONNECTIONS } from './first-bytes.ts';
import { listen } from './listen.ts';
import { createTlsDoor } from './tls-door.ts';
import type { IsTrustedProxy } from './trusted-proxies.ts';

/** Connections that were not let in, at once: each kind apart, so that those which stop half-way are no burden to who goes on. */
export interface UnadmittedBounds {
  /** That have said nothing yet; these cost least. */
  readonly silent: number;
  /** In their TLS handshake. */
  readonly handshakes: number;
  /** Beyond it, without valid credentials. */
  readonly waiting: number;
}

/** Those of every installation. */
export const unadmittedBounds: UnadmittedBounds = { silent: SILENT_CONNECTIONS, handshakes: 4096, waiting: 1024 };

/** The cheapest good cipher first: it is what each end's CPU goes to. */
const PROTOCOL = { minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256' } as const;

export interface TunnelListener {
  /** The real one, where 0 was asked for. */
  readonly port: number;
  /** Shows another certificate from the next connection on; those there are live on. PEM both. */
  setIdentity(identity: { readonly key: string; readonly cert: string }): void;
  /** Listens no more, and destroys connections without valid credentials; those with are the edge's to end. */
  close(): void;
}

/**
 * Throws {@link import('./listen.ts').ListenError}.
 * @param key the tunnel identity's private key, PEM
 * @param cert its certificate, PEM
 * @param accept the edge's
 */
export async function createTunnelListener(options: {
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly key: string;
  readonly cert: string;
  readonly accept: (socket: Duplex, peer: { readonly address: string }) => { readonly admitted: Promise<boolean> };
  /** Whose PROXY headers are believed; nobody's by default. */
  readonly isTrustedProxy?: IsTrustedProxy;
  /** Others than every installation's are for specs, which have no thousands of connections to spare. */
  readonly bounds?: UnadmittedBounds;
  readonly clock?: Clock;
}): Promise<TunnelListener> {
  const { host, port, key, cert, accept, isTrustedProxy = () => false, bounds = unadmittedBounds, clock = systemClock } = options;
  const door = createTlsDoor({
    tls: { key, cert, ...PROTOCOL, ALPNProtocols: ['h2'] },
    handshakeMs: ADMISSION_MS,
    maxSilent: bounds.silent,
    maxHandshakes: bounds.handshakes,
    maxWaiting: bounds.waiting,
    isTrustedProxy,
    onSecure(socket, visitor) {
      if (socket.alpnProtocol !== 'h2') return void socket.destroy();
      // What the handshake took is not given again.
      if (!visitor.waits(Math.max(0, visitor.sinceMs + ADMISSION_MS - clock.now()))) return;
      void accept(socket, { address: visitor.address }).admitted.then(visitor.waitsNoMore);
    },
    clock,
  });
  const server = net.createServer({ noDelay: true }, door.accept);

  return {
    port: await listen(server, { host, port, portFlag: '--tunnel-port' }),
    setIdentity(identity) {
      door.setCertificate({ ...identity, ...PROTOCOL });
    },
    close() {
      server.close();
      door.close();
    },
  };
}
