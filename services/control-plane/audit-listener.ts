/** The audit port: TLS with the API's certificate, HTTP/2 only, bounded in connections before anyone has shown a right to be there. */
import * as net from 'node:net';
import * as tls from 'node:tls';
import type { Duplex } from 'node:stream';
import type { Clock } from '../application/clock.ts';
import { peerGroup } from '../application/peer-address.ts';
import { whenClientKnown } from './client-address.ts';
import { listen } from './listen.ts';
import { createPendingHandshakes } from './pending-handshakes.ts';
import type { ServedCertificate } from './tls/served-certificate.ts';
import type { IsTrustedProxy } from './trusted-proxies.ts';

/** Connections at once. */
export const AUDIT_CONNECTIONS = 512;
/** Of these, so many from one address (IPv6: one /64). */
export const AUDIT_CONNECTIONS_OF_ONE = 64;
/** From the first byte to the end of the handshake. */
const handshakeMs = 10_000;
/** So long a connection may be without a call that was let in. */
const admissionMs = 30_000;

export interface AuditListener {
  /** The real one, where 0 was asked for. */
  readonly port: number;
  /** Shows another certificate from the next connection on. */
  setCertificate(certificate: ServedCertificate): void;
  /** Listens no more, and ends every connection. */
  close(): void;
}

export interface AuditListenerOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly certificate: Pick<ServedCertificate, 'certificatePem' | 'keyPem'>;
  /** The front's. */
  readonly accept: (socket: Duplex, peer: { readonly address: string; readonly onAdmitted: () => void }) => void;
  /** Whose PROXY headers are believed; nobody's by default. */
  readonly isTrustedProxy?: IsTrustedProxy;
  readonly clock: Clock;
}

/** Starts listening. Throws {@link import('./listen.ts').ListenError}. */
export async function createAuditListener({ host, port, certificate, accept, isTrustedProxy = () => false, clock }: AuditListenerOptions): Promise<AuditListener> {
  const handshakes = createPendingHandshakes({ max: AUDIT_CONNECTIONS, deadlineMs: handshakeMs, clock });
  /** By their two ends: a TLS socket does not name the one below it. */
  const connections = new Map<string, { readonly socket: net.Socket; readonly address: string }>();
  const ofOne = new Map<string, number>();

  const secure = tls.createServer({ ...contextOf(certificate), ALPNProtocols: ['h2'], handshakeTimeout: handshakeMs });
  secure.on('secureConnection', (socket) => {
    socket.on('error', () => socket.destroy());
    const below = connections.get(endsOf(socket));
    if (below === undefined || socket.alpnProtocol !== 'h2') return void socket.destroy();
    handshakes.done(below.socket);
    const stopDeadline = clock.after(admissionMs, () => void below.socket.destroy());
    socket.once('close', stopDeadline);
    accept(socket, { address: below.address, onAdmitted: stopDeadline });
  });
  secure.on('tlsClientError', (_error, socket) => socket.destroy());

  const server = net.createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    if (!handshakes.admit(socket)) return;
    whenClientKnown(socket, isTrustedProxy, (address) => {
      handshakes.isOf(socket, address);
      const group = peerGroup(address);
      const own = ofOne.get(group) ?? 0;
      if (connections.size >= AUDIT_CONNECTIONS || own >= AUDIT_CONNECTIONS_OF_ONE) return void socket.destroy();
      const ends = endsOf(socket);
      connections.set(ends, { socket, address });
      ofOne.set(group, own + 1);
      socket.once('close', () => {
        connections.delete(ends);
        const left = (ofOne.get(group) ?? 1) - 1;
        if (left === 0) ofOne.delete(group);
        else ofOne.set(group, left);
      });
      secure.emit('connection', socket);
    });
  });

  return {
    port: await listen(server, { host, port, portFlag: '--audit-port' }),
    setCertificate: (replaced) => secure.setSecureContext(contextOf(replaced)),
    close() {
      server.close();
      handshakes.destroyAll();
      for (const { socket } of connections.values()) socket.destroy();
    },
  };
}

function endsOf(socket: net.Socket): string {
  return `${socket.remoteAddress}|${socket.remotePort}|${socket.localAddress}|${socket.localPort}`;
}

function contextOf({ certificatePem, keyPem }: AuditListenerOptions['certificate']): tls.SecureContextOptions {
  return { cert: certificatePem, key: keyPem, minVersion: 'TLSv1.2' };
}
