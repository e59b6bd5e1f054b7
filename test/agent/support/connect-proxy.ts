/** An HTTP proxy that knows CONNECT, as companies have them. */
import { once } from 'node:events';
import * as http from 'node:http';
import * as net from 'node:net';

export interface ConnectProxy {
  readonly port: number;
  /** What it was asked for: `host:port` each, and with which Proxy-Authorization. */
  readonly asked: readonly { readonly target: string; readonly authorization: string | undefined }[];
  stop(): void;
}

/** Starts it on 127.0.0.1. With a status other than 200 it refuses everything. */
export async function startConnectProxy(status = 200): Promise<ConnectProxy> {
  const asked: { target: string; authorization: string | undefined }[] = [];
  const sockets = new Set<net.Socket>();
  const keep = (socket: net.Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  };
  const server = http.createServer();
  server.on('connect', (request: http.IncomingMessage, client: net.Socket) => {
    keep(client);
    const target = request.url ?? '';
    asked.push({ target, authorization: request.headers['proxy-authorization'] });
    if (status !== 200) return void client.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
    const [host, port] = target.split(':');
    const behind = net.connect({ host: host ?? '', port: Number(port) }, () => {
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
    port: (server.address() as net.AddressInfo).port,
    asked,
    stop() {
      server.close();
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
    },
  };
}
