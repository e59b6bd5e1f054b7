/**
 * The door that every port of ours has: who says nothing, who is in the midst of the TLS handshake and who is past it without having
 * been let in are bounded in time and in number, each apart, so that none of them is a burden to who goes on.
 *
 *     silent ── first byte ──▶ in the handshake ── done ──▶ waiting ── let in ──▶ nobody's business here
 */
import type * as net from 'node:net';
import * as tls from 'node:tls';
import { type Clock, systemClock } from '../application/clock.ts';
import { createFirstBytes, SILENT_CONNECTIONS } from './first-bytes.ts';
import { createPendingHandshakes } from './pending-handshakes.ts';
import type { IsTrustedProxy } from './trusted-proxies.ts';

const TLS_HANDSHAKE_RECORD = 0x16;

/** A connection whose handshake is done. */
export interface Visitor {
  /** Its peer's IP address, or that of the client whom a trusted proxy names. */
  readonly address: string;
  /** The connection below TLS. */
  readonly below: net.Socket;
  /** When its first byte could have come, in the clock's milliseconds. */
  readonly sinceMs: number;
  /** Counts it among those that wait to be let in, for at most so long; for ever by default. False, and destroyed, where there is no room. */
  waits(deadlineMs?: number): boolean;
  /** It was let in, or has gone: it waits no more. */
  waitsNoMore(): void;
}

export interface TlsDoorOptions {
  /** The certificate, and what else TLS is to do. */
  readonly tls: tls.TlsOptions;
  /** From the connection's start to the end of its handshake. */
  readonly handshakeMs: number;
  /** Connections that have said nothing yet at once; every port's own bound by default. */
  readonly maxSilent?: number | undefined;
  /** Connections in their handshake at once. */
  readonly maxHandshakes: number;
  /** Connections that wait to be let in at once. */
  readonly maxWaiting: number;
  /** Whose PROXY headers are believed. */
  readonly isTrustedProxy: IsTrustedProxy;
  /** Takes a connection whose first byte is none of TLS; by default TLS refuses it. */
  readonly onPlain?: (socket: net.Socket, first: number) => void;
  /** Takes a connection whose handshake is done; it owns the socket from then on. */
  readonly onSecure: (socket: tls.TLSSocket, visitor: Visitor) => void;
  readonly clock?: Clock;
}

export interface TlsDoor {
  /** Takes a connection that was not read from. */
  accept(socket: net.Socket): void;
  /** From the next handshake on. */
  setCertificate(context: tls.SecureContextOptions): void;
  /** Destroys those that were not let in. */
  close(): void;
}

/** Creates the door of one port. */
export function createTlsDoor({ tls: tlsOptions, handshakeMs, maxSilent = SILENT_CONNECTIONS, maxHandshakes, maxWaiting, isTrustedProxy, onPlain, onSecure, clock = systemClock }: TlsDoorOptions): TlsDoor {
  const firstBytes = createFirstBytes({ deadlineMs: handshakeMs, maxSilent, isTrustedProxy, clock });
  const handshakes = createPendingHandshakes({ max: maxHandshakes, clock });
  const waiting = createPendingHandshakes({ max: maxWaiting, clock });
  /** Connections that went to TLS, by their two ends: a TLS socket does not name the one below it. */
  const belowTls = new Map<string, Visitor>();

  const secure = tls.createServer(tlsOptions);
  secure.on('secureConnection', (socket) => {
    // Until its new owner listens to it.
    socket.on('error', () => socket.destroy());
    const visitor = belowTls.get(endsOf(socket));
    // Gone again in the meantime.
    if (visitor === undefined) return void socket.destroy();
    handshakes.done(visitor.below);
    onSecure(socket, visitor);
  });
  secure.on('tlsClientError', (_error, socket) => socket.destroy());

  return {
    accept(socket) {
      const sinceMs = clock.now();
      firstBytes.await(socket, ([first = 0], address) => {
        if (onPlain !== undefined && first !== TLS_HANDSHAKE_RECORD) return onPlain(socket, first);
        if (!handshakes.admit(socket, address, Math.max(0, sinceMs + handshakeMs - clock.now()))) return;
        const ends = endsOf(socket);
        belowTls.set(ends, {
          address,
          below: socket,
          sinceMs,
          waits: (deadlineMs) => waiting.admit(socket, address, deadlineMs),
          waitsNoMore: () => waiting.done(socket),
        });
        socket.once('close', () => belowTls.delete(ends));
        secure.emit('connection', socket);
      });
    },
    setCertificate: (context) => secure.setSecureContext(context),
    close() {
      firstBytes.destroyAll();
      handshakes.destroyAll();
      waiting.destroyAll();
    },
  };
}

function endsOf(socket: net.Socket): string {
  return `${socket.remoteAddress}|${socket.remotePort}|${socket.localAddress}|${socket.localPort}`;
}
