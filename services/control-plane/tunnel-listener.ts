/** The tunnel port: TLS with the control plane's pinned identity, HTTP/2 only, bounded before authentication. */
import net, { type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import tls, { type TLSSocket } from 'node:tls';
import { systemClock, type Clock } from '../application/clock.ts';
import { ADMISSION_MS } from '../tunnels/admission.ts';
import { createFirstBytes } from './first-bytes.ts';
import { listen } from './listen.ts';
import { createPendingHandshakes } from './pending-handshakes.ts';
import type { IsTrustedProxy } from './trusted-proxies.ts';

/** Connections that may be in their TLS handshake at once; those that have said nothing yet are counted apart, and cost less. */
export const HANDSHAKES = 4096;
/** Connections beyond it that may be without valid credentials at once. Apart, so that those which stop half-way are no burden to who goes on. */
export const UNADMITTED_CONNECTIONS = 1024;

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
  readonly clock?: Clock;
}): Promise<TunnelListener> {
  const { host, port, key, cert, accept, isTrustedProxy = () => false, clock = systemClock } = options;
  const firstBytes = createFirstBytes({ deadlineMs: ADMISSION_MS, isTrustedProxy, clock });
  const handshakes = createPendingHandshakes({ max: HANDSHAKES, clock });
  const unadmitted = createPendingHandshakes({ max: UNADMITTED_CONNECTIONS, clock });
  /** Connections that went to TLS, by their peers: a TLS socket does not name the one below it. */
  const belowTls = new Map<string, { readonly socket: Socket; readonly address: string; readonly untilMs: number }>();

  const secure = tls.createServer({ key, cert, ...PROTOCOL, ALPNProtocols: ['h2'] });

  const server = net.createServer({ noDelay: true }, (socket) => {
    const untilMs = clock.now() + ADMISSION_MS;
    firstBytes.await(socket, (_first, address) => {
      if (!handshakes.admit(socket, address, Math.max(0, untilMs - clock.now()))) return;
      const peer = peerOf(socket);
      belowTls.set(peer, { socket, address, untilMs });
      socket.once('close', () => belowTls.delete(peer));
      secure.emit('connection', socket);
    });
  });
  secure.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => undefined);
    const below = belowTls.get(peerOf(socket));
    if (socket.alpnProtocol !== 'h2' || below === undefined) {
      socket.destroy();
      return;
    }
    handshakes.done(below.socket);
    const { address, untilMs } = below;
    if (!unadmitted.admit(below.socket, address, Math.max(0, untilMs - clock.now()))) return;
    void accept(socket, { address }).admitted.then(() => unadmitted.done(below.socket));
  });
  secure.on('tlsClientError', (_error, socket) => socket.destroy());

  return {
    port: await listen(server, { host, port, portFlag: '--tunnel-port' }),
    setIdentity(identity) {
      secure.setSecureContext({ ...identity, ...PROTOCOL });
    },
    close() {
      server.close();
      firstBytes.destroyAll();
      handshakes.destroyAll();
      unadmitted.destroyAll();
    },
  };
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress ?? ''}|${socket.remotePort ?? ''}`;
}
