/** The tunnel port: TLS with the control plane's pinned identity, HTTP/2 only, bounded before authentication. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import tls, { type TLSSocket } from 'node:tls';
import { systemClock, type Clock } from '../application/clock.ts';
import { peerGroup, plainAddress } from '../application/peer-address.ts';
import { ADMISSION_MS } from '../tunnels/admission.ts';
import { listen } from './listen.ts';

/** Connections without valid credentials, TLS handshakes included, that may wait at once. */
export const UNADMITTED_CONNECTIONS = 1024;
/** Of these, so many from one address (IPv6: one /64): nobody keeps all others out. */
export const UNADMITTED_CONNECTIONS_OF_ONE = 256;

export interface TunnelListener {
  /** The real one, where 0 was asked for. */
  readonly port: number;
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
  readonly clock?: Clock;
}): Promise<TunnelListener> {
  const { host, port, key, cert, accept, clock = systemClock } = options;
  /** Connections without valid credentials yet, by the peer's address and port. */
  const waiting = new Map<string, Socket>();
  const waitingOfOne = new Map<string, number>();

  function stopWaiting(peer: string, group: string): void {
    if (!waiting.delete(peer)) return;
    const left = (waitingOfOne.get(group) ?? 1) - 1;
    if (left === 0) waitingOfOne.delete(group);
    else waitingOfOne.set(group, left);
  }

  const server = tls.createServer({
    key,
    cert,
    minVersion: 'TLSv1.3',
    ALPNProtocols: ['h2'],
    // The cheapest good one first: it is what each end's CPU goes to.
    ciphers: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256',
    handshakeTimeout: ADMISSION_MS,
    noDelay: true,
  });

  server.on('connection', (socket: Socket) => {
    const peer = peerOf(socket);
    const group = peerGroup(socket.remoteAddress ?? '');
    const ofOne = waitingOfOne.get(group) ?? 0;
    if (waiting.size >= UNADMITTED_CONNECTIONS || ofOne >= UNADMITTED_CONNECTIONS_OF_ONE) {
      socket.destroy();
      return;
    }
    waiting.set(peer, socket);
    waitingOfOne.set(group, ofOne + 1);
    const stopDeadline = clock.after(ADMISSION_MS, () => {
      if (waiting.get(peer) === socket) socket.destroy();
    });
    socket.once('close', () => {
      stopDeadline();
      stopWaiting(peer, group);
    });
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => undefined);
    if (socket.alpnProtocol !== 'h2' || socket.remoteAddress === undefined) {
      socket.destroy();
      return;
    }
    const peer = peerOf(socket);
    void accept(socket, { address: plainAddress(socket.remoteAddress) }).admitted.then(() => {
      stopWaiting(peer, peerGroup(socket.remoteAddress ?? ''));
    });
  });
  server.on('tlsClientError', (_error, socket) => socket.destroy());

  return {
    port: await listen(server, { host, port, portFlag: '--tunnel-port' }),
    close() {
      server.close();
      for (const socket of waiting.values()) socket.destroy();
    },
  };
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress ?? ''}|${socket.remotePort ?? ''}`;
}
