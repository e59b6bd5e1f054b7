/**
 * The API's port (9443): one TLS listener for browsers, the Docker CLI and agents' polls, told apart by ALPN.
 *
 *     bytes ─ first byte ─┬─ a letter ────────────── plain HTTP: redirected to https
 *                         └─ TLS ─┬─ offers only h2 ─ gRPC
 *                                 └─ all else ─────── HTTP/1.1 (the Docker CLI offers nothing)
 */
import * as net from 'node:net';
import type * as tls from 'node:tls';
import { resetSocket } from '../../proto/reset-socket.ts';
import { chooseProtocol } from './alpn.ts';
import { redirectToHttps } from './https-redirect.ts';
import { listen } from './listen.ts';
import { createTlsDoor } from './tls-door.ts';
import type { IsTrustedProxy } from './trusted-proxies.ts';

/** What is known of a connection beside its bytes. */
export interface ApiPeer {
  /** The peer's IP address, or that of the client whom a trusted proxy names. */
  readonly address: string;
  /** Breaks the connection off so that the peer can't take it for a proper end: TCP's reset, not TLS's or TCP's close. */
  readonly reset: () => void;
}

export interface ApiListenerOptions {
  /** Such as 0.0.0.0. */
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly certificate: { readonly certificatePem: string; readonly keyPem: string };
  /**
   * Takes a connection that speaks HTTP/2 and nothing else; it owns the socket from then on. `admitted` is true once an agent was
   * let in on it, false when it ended before.
   */
  readonly onGrpc: (socket: tls.TLSSocket, peer: ApiPeer) => { readonly admitted: Promise<boolean> };
  /** Takes a connection that speaks HTTP/1.1; it owns the socket from then on. */
  readonly onHttp: (socket: tls.TLSSocket, peer: ApiPeer) => void;
  /** Whose PROXY headers are believed; nobody's by default. */
  readonly isTrustedProxy?: IsTrustedProxy;
  /** From the first byte to the end of the handshake; 10 s by default. */
  readonly handshakeDeadlineMs?: number;
  /** Connections that may be in their handshake at once; 4,096 by default. */
  readonly maxHandshakes?: number;
  /** HTTP/2 connections on which no agent was let in yet; 4,096 by default. How long they may be so is the taker's to bound. */
  readonly maxUnadmitted?: number;
}

export interface ApiListener {
  /** The port it listens on. */
  readonly port: number;
  /** Where bytes from elsewhere (a relay, another listener) are given in; the socket must not have been read from. */
  accept(socket: net.Socket): void;
  /** Shows another certificate from the next connection on. */
  setCertificate(certificate: { readonly certificatePem: string; readonly keyPem: string }): void;
  /** Stops listening and ends handshakes; connections that were handed over live on. */
  close(): Promise<void>;
}

/** Starts listening. Throws {@link import('./listen.ts').ListenError}. */
export async function createApiListener(options: ApiListenerOptions): Promise<ApiListener> {
  const { isTrustedProxy = () => false, handshakeDeadlineMs = 10_000 } = options;
  const door = createTlsDoor({
    tls: {
      ...secureContextOptions(options.certificate),
      // Without it a reply that is sent after the client's half-close is lost.
      allowHalfOpen: true,
      ALPNCallback: ({ protocols }) => chooseProtocol(protocols),
      handshakeTimeout: handshakeDeadlineMs,
    },
    handshakeMs: handshakeDeadlineMs,
    maxHandshakes: options.maxHandshakes ?? 4096,
    maxWaiting: options.maxUnadmitted ?? 4096,
    isTrustedProxy,
    onPlain(socket, first) {
      if (first >= 0x41 && first <= 0x5a) redirectToHttps(socket, handshakeDeadlineMs);
      else socket.destroy();
    },
    onSecure(socket, visitor) {
      const { address, below } = visitor;
      const peer = { address, reset: () => resetSocket(below) };
      if (socket.alpnProtocol !== 'h2') return options.onHttp(socket, peer);
      if (visitor.waits()) void options.onGrpc(socket, peer).admitted.then(visitor.waitsNoMore);
    },
  });
  const accept = (socket: net.Socket): void => {
    socket.setNoDelay(true);
    door.accept(socket);
  };
  const server = net.createServer({ allowHalfOpen: true }, accept);
  const port = await listen(server, { host: options.host, port: options.port, portFlag: '--https-port' });

  return {
    port,
    accept,
    setCertificate: (certificate) => door.setCertificate(secureContextOptions(certificate)),
    close() {
      // Its callback waits for the connections handed over; the port itself is free at once.
      server.close();
      door.close();
      return Promise.resolve();
    },
  };
}

function secureContextOptions(certificate: { readonly certificatePem: string; readonly keyPem: string }): tls.SecureContextOptions {
  return { cert: certificate.certificatePem, key: certificate.keyPem, minVersion: 'TLSv1.2' };
}
