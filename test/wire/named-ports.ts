/** Names that lead to ports of this machine, by a proxy that knows them: what is recorded names no address of any machine. */
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { fileURLToPath } from 'node:url';

/** The agent as it is run. */
export const AGENT = fileURLToPath(new URL('../../agent/standalone.ts', import.meta.url));

export interface NamedPorts {
  /** For HTTPS_PROXY. */
  readonly proxy: string;
  /** From now on the proxy refuses a name, with 403. */
  refuse(name: string): void;
  allow(name: string): void;
  close(): void;
}

/** Starts the proxy; `ports` is by host:port. */
export async function startNamedPorts(ports: Readonly<Record<string, number>>): Promise<NamedPorts> {
  const refused = new Set<string>();
  const sockets = new Set<net.Socket>();
  const keep = (socket: net.Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  };
  const server = http.createServer();
  server.on('connect', (request: http.IncomingMessage, client: net.Socket) => {
    keep(client);
    const port = ports[request.url ?? ''];
    if (port === undefined || refused.has(request.url ?? '')) return void client.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    const behind = net.connect({ host: '127.0.0.1', port }, () => {
      client.write('HTTP/1.1 200 Connected\r\n\r\n');
      client.pipe(behind).pipe(client);
    });
    keep(behind);
    client.on('close', () => behind.destroy());
    behind.on('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    proxy: `http://127.0.0.1:${String((server.address() as net.AddressInfo).port)}`,
    refuse: (name) => void refused.add(name),
    allow: (name) => void refused.delete(name),
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
