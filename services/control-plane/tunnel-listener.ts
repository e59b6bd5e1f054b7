/** The tunnel port: TLS with the control plane's pinned identity, HTTP/2 only, bounded before authentication. */
import net, { type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import tls, { type TLSSocket } from 'node:tls';
import { systemClock, type Clock } from '../application/clock.ts';
import { peerGroup } from '../application/peer-address.ts';
import { ADMISSION_MS } from '../tunnels/admission.ts';
import { whenClientKnown } from './client-address.ts';
import { listen } from './listen.ts';
import type { IsTrustedProxy } from './trusted-proxies.ts';

/** Connections without valid credentials, TLS handshakes included, that may wait at once. */
export const UNADMITTED_CONNECTIONS = 1024;
/** Of these, so many from one address (IPv6: one /64): nobody keeps all others out. */
export const UNADMITTED_CONNECTIONS_OF_ONE = 256;

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
  /** Connections without valid credentials yet, by the peer's address and port. */
  const waiting = new Map<string, { readonly socket: Socket; address?: string }>();
  const waitingOfOne = new Map<string, number>();

  function stopWaiting(peer: string): void {
    const address = waiting.get(peer)?.address;
    if (!waiting.delete(peer) || address === undefined) return;
    const group = peerGroup(address);
    const left = (waitingOfOne.get(group) ?? 1) - 1;
    if (left === 0) waitingOfOne.delete(group);
    else waitingOfOne.set(group, left);
  }

  const secure = tls.createServer({ key, cert, ...PROTOCOL, ALPNProtocols: ['h2'], handshakeTimeout: ADMISSION_MS });

  const server = net.createServer({ noDelay: true }, (socket) => {
    const peer = peerOf(socket);
    if (waiting.size >= UNADMITTED_CONNECTIONS) {
      socket.destroy();
      return;
    }
    const entry: { readonly socket: Socket; address?: string } = { socket };
    waiting.set(peer, entry);
    const stopDeadline = clock.after(ADMISSION_MS, () => {
      if (waiting.get(peer) === entry) socket.destroy();
    });
    socket.once('close', () => {
      stopDeadline();
      stopWaiting(peer);
    });
    whenClientKnown(socket, isTrustedProxy, (address) => {
      const group = peerGroup(address);
      const ofOne = waitingOfOne.get(group) ?? 0;
      if (ofOne >= UNADMITTED_CONNECTIONS_OF_ONE) {
        socket.destroy();
        return;
      }
      entry.address = address;
      waitingOfOne.set(group, ofOne + 1);
      secure.emit('connection', socket);
    });
  });
  secure.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => undefined);
    const peer = peerOf(socket);
    const address = waiting.get(peer)?.address;
    if (socket.alpnProtocol !== 'h2' || address === undefined) {
      socket.destroy();
      return;
    }
    void accept(socket, { address }).admitted.then(() => {
      stopWaiting(peer);
    });
  });
  secure.on('tlsClientError', (_error, socket) => socket.destroy());

  return {
    port: await listen(server, { host, port, portFlag: '--tunnel-port' }),
    setIdentity(identity) {
      secure.setSecureContext({ ...identity, ...PROTOCOL });
    },
    close() {
      server.close();
      for (const { socket } of waiting.values()) socket.destroy();
    },
  };
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress ?? ''}|${socket.remotePort ?? ''}`;
}
