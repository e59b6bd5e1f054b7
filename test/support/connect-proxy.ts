/** An HTTP proxy that knows CONNECT, as companies have them. It may know names of its own, which lead to ports of this machine. */
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';

export interface ConnectProxy {
  readonly port: number;
  /** For HTTPS_PROXY. */
  readonly url: string;
  /** What it was asked for: `host:port` each, and with which Proxy-Authorization. */
  readonly asked: readonly { readonly target: string; readonly authorization: string | undefined }[];
  /** From now on it refuses a target, with 403. */
  refuse(target: string): void;
  allow(target: string): void;
  stop(): void;
}

export interface ConnectProxyOptions {
  /** With another than 200 it refuses everything. */
  readonly status?: number;
  /** Ports on 127.0.0.1 by the `host:port` that they go by; then all else is refused with 403. */
  readonly names?: Readonly<Record<string, number>>;
}

/** Starts it on 127.0.0.1. */
export async function startConnectProxy({ status = 200, names }: ConnectProxyOptions = {}): Promise<ConnectProxy> {
  const asked: { target: string; authorization: string | undefined }[] = [];
  const refused = new Set<string>();
  const sockets = new Set<net.Socket>();
  const keep = (socket: net.Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  };

  function placeOf(target: string): { readonly host: string; readonly port: number } | number {
    if (status !== 200) return status;
    const named = names?.[target];
    if (refused.has(target) || (names !== undefined && named === undefined)) return 403;
    if (named !== undefined) return { host: '127.0.0.1', port: named };
    const [host = '', port] = target.split(':');
    return { host, port: Number(port) };
  }

  const server = http.createServer();
  server.on('connect', (request: http.IncomingMessage, client: net.Socket) => {
    keep(client);
    const target = request.url ?? '';
    asked.push({ target, authorization: request.headers['proxy-authorization'] });
    const place = placeOf(target);
    if (typeof place === 'number') return void client.end(`HTTP/1.1 ${place} No\r\nContent-Length: 0\r\n\r\n`);
    const behind = net.connect(place, () => {
      client.write('HTTP/1.1 200 Connected\r\n\r\n');
      client.pipe(behind).pipe(client);
    });
    keep(behind);
    client.on('close', () => behind.destroy());
    behind.on('close', () => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${String(port)}`,
    asked,
    refuse: (target) => void refused.add(target),
    allow: (target) => void refused.delete(target),
    stop() {
      server.close();
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
    },
  };
}
