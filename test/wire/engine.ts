/** The engine behind the recorded agent: always the same answers, so that what is replayed meets what was recorded. */
import { once } from 'node:events';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Duplex } from 'node:stream';

/** Where it listens while it is recorded: the same everywhere, since the agent says it. */
export const RECORDED_SOCKET = path.join(tmpdir(), 'homeport-recorded-docker.sock');

export interface RecordedEngine {
  close(): Promise<void>;
}

/** By then more bytes have come than were read ahead. */
const UNREAD_MS = 300;

const ANSWERS: Readonly<Record<string, unknown>> = {
  '/version': { Version: '28.2.2', ApiVersion: '1.50', Os: 'linux', Arch: 'amd64', Components: [{ Name: 'Engine' }] },
  '/info': { Name: 'recorded-node', OperatingSystem: 'Debian GNU/Linux 13', KernelVersion: '6.12', NCPU: 2, MemTotal: 4e9, Driver: 'overlay2', DockerRootDir: '/var/lib/docker' },
  '/containers/json': [
    { Id: 'c0ffee', Names: ['/box'], Image: 'busybox:latest', ImageID: 'sha256:1', Command: 'sleep 3600', Created: 1767225600, State: 'running', Labels: { 'db.password': 'hidden' } },
  ],
  '/containers/c0ffee/json': { Config: { Env: ['COLOUR=blue', 'DB_PASSWORD=hidden'] } },
  '/images/json': [{ Id: 'sha256:1', RepoTags: ['busybox:latest'], Size: 4_000_000, Created: 1767225600, Labels: null }],
  '/volumes': { Volumes: [{ Name: 'data', Driver: 'local', Mountpoint: '/var/lib/docker/volumes/data/_data', Labels: null }] },
  '/networks': [{ Id: 'n1', Name: 'bridge', Driver: 'bridge', Scope: 'local', Internal: false, Labels: {} }],
  '/system/df': { LayersSize: 4_000_000, Containers: [], Volumes: [], BuildCache: [] },
};

/**
 * Starts it at a path. `/events` says a line and no more. A connection that was upgraded is answered with how many bytes it
 * brought, once it has ended its side; one to the container `broken` is reset once bytes lie there that nobody reads.
 */
export async function startRecordedEngine(socketPath: string): Promise<RecordedEngine> {
  const connections = new Set<Duplex>();
  const server = http.createServer((request, response) => {
    const name = (request.url ?? '').split('?')[0]?.replace(/^\/v\d+\.\d+/, '') ?? '';
    response.sendDate = false;
    if (name === '/events') {
      response.write('{"status":"start"}\n');
    } else {
      response.statusCode = name in ANSWERS ? 200 : 404;
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify(ANSWERS[name] ?? { message: 'no such thing' }));
    }
  });
  server.on('connection', (connection) => {
    connections.add(connection);
    connection.on('close', () => connections.delete(connection));
  });
  server.on('upgrade', (request, socket: Duplex, head: Buffer) => {
    let bytes = head.length;
    socket.on('error', () => undefined);
    socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n');
    if (request.url?.includes('/broken/') === true) {
      // A Unix socket that is closed with unread bytes in it is reset.
      setTimeout(() => socket.destroy(), UNREAD_MS);
      return;
    }
    socket.on('data', (piece: Buffer) => (bytes += piece.length));
    socket.on('end', () => socket.end(`${bytes} bytes\n`));
  });
  server.listen(socketPath);
  await once(server, 'listening');
  return {
    async close() {
      server.close();
      for (const connection of connections) connection.destroy();
      await once(server, 'close');
    },
  };
}
