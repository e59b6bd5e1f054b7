/** A man in the middle: ends TLS with a certificate of its own, passes the bytes on, and remembers them. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import * as tls from 'node:tls';

export interface RecordingRelay {
  readonly port: number;
  /** All that clients sent, decrypted. */
  received(): Buffer;
  /** How many clients came. */
  connections(): number;
  stop(): void;
}

/** Starts it in front of a TLS port of 127.0.0.1; port 0 behind it means nobody. */
export async function startRelay(certificate: { readonly certificatePem: string; readonly keyPem: string }, portBehind: number): Promise<RecordingRelay> {
  const received: Buffer[] = [];
  const sockets = new Set<tls.TLSSocket>();
  const keep = (socket: tls.TLSSocket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  };
  let connections = 0;
  const server = tls.createServer({ cert: certificate.certificatePem, key: certificate.keyPem, ALPNProtocols: ['h2'] }, (client) => {
    keep(client);
    client.on('data', (chunk: Buffer) => received.push(chunk));
    if (portBehind === 0) return;
    const behind = tls.connect({ host: '127.0.0.1', port: portBehind, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
    keep(behind);
    client.pipe(behind).pipe(client);
    client.on('close', () => behind.destroy());
    behind.on('close', () => client.destroy());
  });
  server.on('connection', () => (connections += 1));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    received: () => Buffer.concat(received),
    connections: () => connections,
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
