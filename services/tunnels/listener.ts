/** The tunnel port: TLS with the control plane's pinned identity, HTTP/2 only, bounded before authentication. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import tls, { type TLSSocket } from 'node:tls';
import { peerGroup } from '../application/attempts.ts';
import { systemClock, type Clock } from '../application/clock.ts';
import { ADMISSION_MS } from './admission.ts';

/** Connections without valid credentials, TLS handshakes included, that may wait at once. */
export const UNADMITTED_CONNECTIONS = 1024;
/** Of these, so many from one address (IPv6: one /64): nobody keeps all others out. */
export const UNADMITTED_CONNECTIONS_OF_ONE = 256;

export type TunnelListenerErrorCode = 'port-in-use' | 'port-not-allowed' | 'address-not-available' | 'listen-failed';

/** Why the tunnel port could not be opened. */
export class TunnelListenerError extends Error {
  override readonly name = 'TunnelListenerError';
  readonly code: TunnelListenerErrorCode;

  constructor(code: TunnelListenerErrorCode, message: string, cause: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

export interface TunnelListener {
  /** The real one, where 0 was asked for. */
  readonly port: number;
  /** Listens no more, and destroys connections without valid credentials; those with are the edge's to end. */
  close(): void;
}

/**
 * Throws {@link TunnelListenerError}.
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

  await listen(server, host, port);
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close() {
      server.close();
      for (const socket of waiting.values()) socket.destroy();
    },
  };
}

function listen(server: tls.Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      server.on('error', () => undefined);
      resolve();
    });
  });
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): TunnelListenerError {
  switch (error.code) {
    case 'EADDRINUSE':
      return new TunnelListenerError('port-in-use', `The tunnel port ${port} is in use: choose another by --tunnel-port.`, error);
    case 'EACCES':
      return new TunnelListenerError('port-not-allowed', `This user may not listen on port ${port}: choose one above 1023 by --tunnel-port.`, error);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new TunnelListenerError('address-not-available', `${host} is not an address of this machine: choose another by --host.`, error);
    default:
      return new TunnelListenerError('listen-failed', `Could not listen on ${host}, port ${port}: ${error.message}`, error);
  }
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress ?? ''}|${socket.remotePort ?? ''}`;
}

/** IPv4 as such, also where it came in on an IPv6 socket. */
function plainAddress(address: string): string {
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}
