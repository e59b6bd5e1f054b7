/** What stands between two ends on a real network: relays that pass bytes on, or do so through a certificate of their own. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer, TLSSocket } from 'node:tls';
import { resetSocket } from '../../proto/reset-socket.ts';

export interface RelayTarget {
  readonly host: string;
  readonly port: number;
}

export interface Relay {
  /** On 127.0.0.1. */
  readonly port: number;
  /** What clients sent so far, its first MiB; decrypted where the relay ends TLS. */
  sentByClients(): Buffer;
  /** How many connections were accepted. */
  connections(): number;
  /** Breaks every connection, as a failing link does; new ones are accepted. */
  breakConnections(): void;
  /** From now on the connections there are pass nothing on and stay open, as behind a router that forgot them; new ones work. */
  swallow(): void;
  /** Breaks every connection and stops listening. */
  close(): Promise<void>;
}

/** Passes TCP bytes on, with half-close both ways. */
export function createTcpRelay(target: RelayTarget): Promise<Relay> {
  return startRelay(createServer({ allowHalfOpen: true }), 'connection', () => connect({ ...target, allowHalfOpen: true }));
}

/**
 * Ends TLS with a certificate of its own and passes what it reads on over TLS, whatever certificate the target shows: a man
 * in the middle.
 */
export function createTlsRelay(target: RelayTarget, own: { readonly key: string; readonly cert: string }, alpn: readonly string[] = ['h2', 'http/1.1']): Promise<Relay> {
  const server = createTlsServer({ ...own, ALPNProtocols: [...alpn], allowHalfOpen: true });
  // Who dislikes the certificate may go before the handshake is over.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return startRelay(server, 'secureConnection', () => connectTls({ ...target, rejectUnauthorized: false, ALPNProtocols: [...alpn] }));
}

/** How much of what clients sent is kept. */
const LONGEST_RECORD = 1024 * 1024;

async function startRelay(server: Server, event: 'connection' | 'secureConnection', dial: () => Socket): Promise<Relay> {
  const pairs = new Set<readonly [Socket, Socket]>();
  /** Of these neither end hears of the other any more. */
  const swallowed = new WeakSet<readonly [Socket, Socket]>();
  const received: Buffer[] = [];
  let receivedBytes = 0;
  let accepted = 0;
  // Beneath TLS where there is some: a client that left during the handshake is in no pair.
  const beneath = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    beneath.add(socket);
    socket.once('close', () => beneath.delete(socket));
  });
  server.on(event, (client: Socket) => {
    accepted += 1;
    const upstream = dial();
    const pair = [client, upstream] as const;
    pairs.add(pair);
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        if (swallowed.has(pair)) return;
        pairs.delete(pair);
        // An end that broke off takes the other with it; one that ended in peace lets the rest arrive.
        for (const other of pair) if (socket.errored !== null) other.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => {
      if (receivedBytes < LONGEST_RECORD) received.push(chunk);
      receivedBytes += chunk.length;
    });
    client.pipe(upstream);
    upstream.pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  function breakConnections(): void {
    for (const socket of [...pairs].flat()) {
      if (socket instanceof TLSSocket) socket.destroy();
      else resetSocket(socket);
    }
  }
  function swallow(): void {
    for (const pair of pairs) swallowed.add(pair);
    for (const socket of [...pairs].flat()) {
      socket.unpipe();
      socket.removeAllListeners('data').removeAllListeners('end');
      socket.on('data', () => undefined).resume();
    }
  }
  return {
    swallow,
    port: (server.address() as AddressInfo).port,
    sentByClients: () => Buffer.concat(received),
    connections: () => accepted,
    breakConnections,
    async close() {
      const closed = once(server, 'close');
      server.close();
      breakConnections();
      for (const socket of beneath) socket.destroy();
      await closed;
    },
  };
}
