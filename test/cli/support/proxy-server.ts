/** A server with the shape of the gateway's Docker proxy, whose answers a test writes by hand; real TLS, real sockets. */
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createDockerForwarder } from '../../../services/cli/connect/docker-forwarder.ts';
import { listenOnSocket } from '../../../services/cli/connect/local-endpoint.ts';
import { createTransport } from '../../../services/cli/rest/transport.ts';
import type { Trust } from '../../../services/cli/rest/trust.ts';
import { makeServerCertificate } from '../../support/certificates.ts';

/** Where the tests' environment has its engine. */
export const PREFIX = '/api/v1/environments/abc/docker';

export interface ProxyServer {
  readonly server: Server;
  readonly port: number;
  readonly ca: string;
  close(): Promise<void>;
}

export async function startProxyServer(answer: RequestListener, upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void): Promise<ProxyServer> {
  const { ca, cert, key } = await makeServerCertificate();
  const server = createServer({ cert, key, allowHalfOpen: true }, answer);
  if (upgrade !== undefined) server.on('upgrade', upgrade);
  const sockets = new Set<Duplex>();
  // Both layers: a client that leaves in the middle of its handshake leaves the lower one alone.
  for (const event of ['connection', 'secureConnection']) {
    server.on(event, (socket: Duplex) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    });
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    server,
    port: (server.address() as AddressInfo).port,
    ca,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

export interface LocalSide {
  /** The Unix socket that a Docker client talks to. */
  readonly socketPath: string;
  close(): Promise<void>;
}

/** What `homeport connect` serves locally, in front of such a server. */
export async function startLocalSide(port: number, trust: Trust, node?: string): Promise<LocalSide> {
  const transport = createTransport(new URL(`https://localhost:${port}`), trust);
  const forwarder = createDockerForwarder(transport, { pathPrefix: PREFIX, host: `localhost:${port}`, authorization: { authorization: 'Bearer hp_test' }, node });
  const endpoint = await listenOnSocket(forwarder.server);
  return {
    socketPath: endpoint.dockerHost.replace('unix://', ''),
    async close() {
      await forwarder.close();
      endpoint.remove();
      transport.close();
    },
  };
}
