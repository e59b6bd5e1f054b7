/** An engine that answers /version and /info on a Unix socket. */
import * as http from 'node:http';
import { once } from 'node:events';

export interface EngineDouble {
  /** What /info says; may be changed. */
  info: Record<string, unknown>;
  close(): Promise<void>;
}

/** Starts it at a path. */
export async function startEngine(socketPath: string, info: Record<string, unknown> = { Name: 'node-1' }): Promise<EngineDouble> {
  const double = { info };
  const server = http.createServer((request, response) => {
    const version = { Version: '28.2.2', ApiVersion: '1.50', Os: 'linux', Arch: 'amd64', Components: [{ Name: 'Engine' }] };
    response.setHeader('Connection', 'close');
    response.end(JSON.stringify(request.url === '/version' ? version : double.info));
  });
  server.listen(socketPath);
  await once(server, 'listening');
  return Object.assign(double, {
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  });
}
