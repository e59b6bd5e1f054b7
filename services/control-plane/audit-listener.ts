/** The audit port: TLS with the API's certificate, HTTP/2, and HTTP/1.1 where that is served; bounded in connections before anyone has shown a right to be there. */
import * as net from 'node:net';
import type * as tls from 'node:tls';
import type { Duplex } from 'node:stream';
import type { Clock } from '../application/clock.ts';
import { peerGroup } from '../application/peer-address.ts';
import { createPlaces } from '../application/places.ts';
import { chooseProtocol } from './alpn.ts';
import { listen } from './listen.ts';
import { createTlsDoor } from './tls-door.ts';
import type { ServedCertificate } from './tls/served-certificate.ts';
import type { IsTrustedProxy } from './trusted-proxies.ts';

/** Connections at once on which a call was let in. */
export const AUDIT_CONNECTIONS = 512;
/** Of these, so many from one address (IPv6: one /64). */
export const AUDIT_CONNECTIONS_OF_ONE = 64;
/** Connections in their handshake at once, and past it without a call that was let in; of each, over it one goes of the address that has most. */
export const AUDIT_HANDSHAKES = 512;
export const AUDIT_WAITING = 256;
/** From the first byte to the end of the handshake. */
const handshakeMs = 10_000;
/** So long a connection may be without a call that was let in. */
const admissionMs = 30_000;
/** So many bytes it may send before that: its calls may be to what is for everyone, and none of them may be whole. */
const admissionBytes = 1024 * 1024;
/** How often they are counted. */
const countMs = 100;

/** The audit port's TLS listener. */
export interface AuditListener {
  /** The real one, where 0 was asked for. */
  readonly port: number;
  /** Shows another certificate from the next connection on. */
  setCertificate(certificate: ServedCertificate): void;
  /** Listens no more, and ends every connection. */
  close(): void;
}

/** What is known of a connection beside its bytes. */
export interface AuditPeer {
  /** The peer's IP address, or that of the client whom a trusted proxy names. */
  readonly address: string;
  /** Asked once, with the first call that has a right to be here; asked again where there was no room: then it goes on waiting. */
  readonly admit: () => boolean;
}

export interface AuditListenerOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly certificate: Pick<ServedCertificate, 'certificatePem' | 'keyPem'>;
  /** The front's. */
  readonly accept: (socket: Duplex, peer: AuditPeer) => void;
  /**
   * Takes a connection that negotiated http/1.1, or nothing, for so long as one without a call that was let in may stay. Without it such
   * connections are ended, and h2 is chosen of all that is offered.
   */
  readonly onHttp?: (socket: Duplex, peer: Pick<AuditPeer, 'address'>) => void;
  /** Whose PROXY headers are believed; nobody's by default. */
  readonly isTrustedProxy?: IsTrustedProxy;
  readonly clock: Clock;
}

/** Starts listening. Throws {@link import('./listen.ts').ListenError}. */
export async function createAuditListener({ host, port, certificate, accept, onHttp, isTrustedProxy = () => false, clock }: AuditListenerOptions): Promise<AuditListener> {
  const connections = new Set<net.Socket>();
  /** Of those that were let in, by address. */
  const places = createPlaces({ inAll: AUDIT_CONNECTIONS, ofOne: AUDIT_CONNECTIONS_OF_ONE });

  function admit(socket: net.Socket, address: string): boolean {
    if (socket.destroyed) return false;
    const entry = places.enter(peerGroup(address));
    if (entry.refused !== undefined) return false;
    socket.once('close', entry.leave);
    return true;
  }

  const door = createTlsDoor({
    tls: { ...contextOf(certificate), ...(onHttp === undefined ? { ALPNProtocols: ['h2'] } : { ALPNCallback: ({ protocols }) => chooseProtocol(protocols) }) },
    handshakeMs,
    maxHandshakes: AUDIT_HANDSHAKES,
    maxWaiting: AUDIT_WAITING,
    isTrustedProxy,
    onSecure(socket, visitor) {
      const { address, below } = visitor;
      const isHttp = socket.alpnProtocol !== 'h2';
      if (isHttp && onHttp === undefined) return void socket.destroy();
      if (!visitor.waits(admissionMs)) return;
      connections.add(below);
      const stopCounting = clock.every(countMs, () => {
        if (below.bytesRead > admissionBytes) below.destroy();
      });
      below.once('close', () => {
        connections.delete(below);
        stopCounting();
      });
      if (isHttp) return onHttp?.(socket, { address });
      accept(socket, {
        address,
        admit() {
          if (!admit(below, address)) return false;
          visitor.waitsNoMore();
          stopCounting();
          return true;
        },
      });
    },
    clock,
  });
  const server = net.createServer({ noDelay: true }, door.accept);

  return {
    port: await listen(server, { host, port, portFlag: '--audit-port' }),
    setCertificate: (replaced) => door.setCertificate(contextOf(replaced)),
    close() {
      server.close();
      door.close();
      for (const socket of connections) socket.destroy();
    },
  };
}

function contextOf({ certificatePem, keyPem }: AuditListenerOptions['certificate']): tls.SecureContextOptions {
  return { cert: certificatePem, key: keyPem, minVersion: 'TLSv1.2' };
}
