/** An engine that answers at once, and an agent in front of it that joined a control plane: what calls through a tunnel are measured with. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { RestClient } from '../../services/cli/rest/rest-client.ts';

const AGENT = fileURLToPath(new URL('../../agent/standalone.ts', import.meta.url));

/** Serves a small answer to everything on a Unix socket. */
export async function startSmallEngine(socketPath: string): Promise<{ close(): void }> {
  const engine = createServer({ keepAliveTimeout: 600_000 }, (req, res) => {
    const asked = /\/(?:version|info)$/.test(req.url ?? '');
    const answer = asked ? JSON.stringify({ Version: '28.2.2', ApiVersion: '1.50', Os: 'linux', Arch: 'amd64' }) : 'OK';
    res.setHeader('Content-Length', Buffer.byteLength(answer));
    res.end(answer);
  }).listen(socketPath);
  await once(engine, 'listening');
  return {
    close() {
      engine.close();
      engine.closeAllConnections();
    },
  };
}

/** Creates an environment whose agent drives the engine at that socket, and opens its tunnel. */
export async function reachEngine(
  rest: RestClient,
  options: { readonly name: string; readonly address: string; readonly tunnelAddress: string; readonly socketPath: string },
): Promise<{ readonly dockerPath: string; readonly environmentId: string; stop(): Promise<void> }> {
  const { name, address, tunnelAddress, socketPath } = options;
  const { body } = await rest.call('POST', '/environments', { body: { name, address, tunnelAddress, allowLoopback: true } });
  const { id, joinToken, issuedEdgeId } = body as { id: string; joinToken: string; issuedEdgeId: string };
  const agent = spawn(process.execPath, [AGENT], {
    env: { ...process.env, EDGE_ID: issuedEdgeId, EDGE_KEY: joinToken, EDGE_INSECURE_POLL: '1', DOCKER_HOST: `unix://${socketPath}`, LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const exited = once(agent, 'exit');
  const isUp = async (): Promise<boolean> => ((await rest.call('GET', `/environments/${id}`)).body as { status: string }).status === 'up';
  while (!(await isUp())) await delay(50);
  await rest.call('POST', `/environments/${id}/connection`, { query: { waitSeconds: 20 } });
  return {
    dockerPath: `/api/v1/environments/${id}/docker`,
    environmentId: id,
    async stop() {
      agent.kill('SIGTERM');
      await exited;
    },
  };
}
