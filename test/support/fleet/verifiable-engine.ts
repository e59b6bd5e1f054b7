/** An engine on a Unix socket whose every answer can be verified: known bytes, an echo, and a raw stream with half-close. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { knownBytes } from './known-bytes.ts';

/** The path of an image's bytes, which are those known by its name. */
export const bytesPath = (name: string, length: number): string => `/images/${name}/get?length=${length}`;
/** Echoes a request's body. */
export const ECHO_PATH = '/images/load';
/** Turns into a raw stream that echoes what it gets, and after its end says the digest of all. */
export const RAW_PATH = '/exec/e1/start';

export interface VerifiableEngine {
  /** Connections of others than its own agent. */
  connections(): number;
  close(): Promise<void>;
}

/** Starts it at a path. */
export async function startVerifiableEngine(socketPath: string, name: string): Promise<VerifiableEngine> {
  const answers: Readonly<Record<string, object>> = {
    '/version': { Version: '28.2.2', ApiVersion: '1.50', Os: 'linux', Arch: 'amd64', Components: [{ Name: 'Engine' }] },
    '/info': { Name: name },
  };
  const sockets = new Set<Socket>();
  const others = new Set<Socket>();
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    noteWho(request);
    answer(request, response).catch(() => response.destroy());
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      sockets.delete(socket);
      others.delete(socket);
    });
  });
  server.on('upgrade', (request: IncomingMessage, connection: Duplex, head: Buffer) => {
    noteWho(request);
    if (head.length > 0) connection.unshift(head);
    serveRaw(connection, Number(request.headers['content-length'] ?? 0));
  });

  function noteWho({ headers, socket }: IncomingMessage): void {
    if (headers['user-agent']?.startsWith('homeport-agent/') !== true && !socket.destroyed) others.add(socket);
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://docker');
    const image = /^\/images\/(.+)\/get$/.exec(url.pathname)?.[1];
    if (image !== undefined) {
      const bytes = knownBytes(image, Number(url.searchParams.get('length')));
      // Half of them come in chunks, without a length.
      if (bytes.length % 2 === 0) response.setHeader('content-length', bytes.length);
      response.end(bytes);
    } else if (url.pathname === ECHO_PATH) {
      response.setHeader('content-length', request.headers['content-length'] ?? 0);
      await pipeline(request, response);
    } else {
      const known = answers[url.pathname];
      response.writeHead(known === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(known ?? { message: 'page not found' }));
    }
  }

  server.listen(socketPath);
  await once(server, 'listening');
  return {
    connections: () => others.size,
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}

/** @param bodyBytes of the request, which come first */
function serveRaw(connection: Duplex, bodyBytes: number): void {
  const digest = createHash('sha256');
  let toSkip = bodyBytes;
  connection.on('error', () => connection.destroy());
  connection.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
  connection.on('data', (chunk: Buffer) => {
    const bytes = chunk.subarray(toSkip);
    toSkip -= chunk.length - bytes.length;
    if (bytes.length === 0) return;
    digest.update(bytes);
    if (!connection.write(bytes)) {
      connection.pause();
      connection.once('drain', () => connection.resume());
    }
  });
  connection.once('end', () => connection.end(digest.digest('hex')));
}
