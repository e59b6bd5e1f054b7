/** Engines at the other end of the tunnel: one that speaks HTTP properly, and one that says whatever a test wants. */
import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener, type Server as HttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface FakeEngine {
  /** Connections that were accepted so far. */
  readonly connections: Socket[];
  close(): Promise<void>;
}

/** An engine with Node's own HTTP server; `onUpgrade` gets connections as dockerd hijacks them. */
export async function startHttpEngine(path: string, answer: RequestListener, onUpgrade?: (req: import('node:http').IncomingMessage, socket: Duplex, head: Buffer) => void): Promise<FakeEngine> {
  const server = createHttpServer({ keepAliveTimeout: 60_000 }, answer);
  if (onUpgrade !== undefined) server.on('upgrade', onUpgrade);
  server.on('checkContinue', (req, res) => server.emit('request', req, res));
  return listen(server, path);
}

/** What a raw engine was asked: the bytes up to the blank line, and whatever came with them. */
export interface RawRequest {
  readonly head: string;
  readonly rest: Buffer;
}

/** An engine that is handed each connection with the head of its first request. */
export async function startRawEngine(path: string, answer: (socket: Socket, request: RawRequest) => void): Promise<FakeEngine> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    let seen = Buffer.alloc(0);
    const read = (chunk: Buffer): void => {
      seen = Buffer.concat([seen, chunk]);
      const end = seen.indexOf('\r\n\r\n');
      if (end === -1) return;
      socket.removeListener('data', read);
      socket.pause();
      answer(socket, { head: seen.subarray(0, end + 4).toString('latin1'), rest: seen.subarray(end + 4) });
      if (socket.listenerCount('data') > 0) socket.resume();
    };
    socket.on('data', read);
  });
  return listen(server, path);
}

async function listen(server: Server | HttpServer, path: string): Promise<FakeEngine> {
  const connections: Socket[] = [];
  server.on('connection', (socket: Socket) => {
    connections.push(socket);
    socket.on('error', () => undefined);
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    connections,
    async close() {
      for (const socket of connections) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}
