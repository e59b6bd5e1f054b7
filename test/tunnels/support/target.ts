/** A target behind the agent: a Unix socket as Docker's, and what stands behind it. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net, { type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface TestTarget {
  readonly path: string;
  /** Connections that are open. */
  readonly connections: ReadonlySet<Socket>;
  /** The next connection to come. */
  next(): Promise<Socket>;
  close(): Promise<void>;
}

/** @param serve does what the target does with each connection, which has real half-close */
export async function startTarget(serve: (socket: Socket) => void = () => undefined): Promise<TestTarget> {
  const folder = mkdtempSync(path.join(tmpdir(), 'homeport-target-'));
  const socketPath = path.join(folder, 'docker.sock');
  const connections = new Set<Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    connections.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => connections.delete(socket));
    serve(socket);
  });
  server.listen(socketPath);
  await once(server, 'listening');
  return {
    path: socketPath,
    connections,
    async next() {
      const [socket] = (await once(server, 'connection')) as [Socket];
      return socket;
    },
    async close() {
      for (const socket of connections) socket.destroy();
      const closed = once(server, 'close');
      server.close();
      await closed;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
