/** Selecting an environment: making its tunnel required, waiting for it, keeping it, and ending it. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApplicationError } from '../../../services/application/ports/application-error.ts';
import type { TunnelKey } from '../../../services/domain/tunnel-key.ts';
import { NODE_PATTERN } from '../../node-pattern.ts';
import { pastTunnelJson, tunnelJson } from '../environment-json.ts';
import { asOf, instantAsked } from '../past-instant.ts';
import { settle } from '../read-your-writes.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { clientGone, contextOf } from '../route-config.ts';
import { tunnelSchema } from '../schemas/environment-schema.ts';
import { exactly, idParams, noContent } from '../schemas/json-schema.ts';

const LONGEST_WAIT_SECONDS = 60;
const node = { type: 'string', pattern: NODE_PATTERN, description: 'A Swarm node, by its id or host name; absent is the environment’s own tunnel.' };
const waitSeconds = { type: 'integer', minimum: 0, maximum: LONGEST_WAIT_SECONDS, description: 'How long to wait for the tunnel to open.' };
const PATH = '/environments/:id/connection';

interface ConnectionRoute {
  Params: { id: string };
  Querystring: { node?: string; waitSeconds?: number; asOf?: string };
}

export function registerConnection(app: FastifyInstance, { connections, projections, dialer }: RestDependencies): void {
  const keyOf = ({ params, query }: FastifyRequest<ConnectionRoute>): Promise<TunnelKey> => connections.keyOf(params.id, query.node ?? null);

  async function pastTunnel({ params, query }: FastifyRequest<ConnectionRoute>, atMs: number): Promise<object> {
    const found = await projections.past.findTunnel(atMs, params.id, query.node ?? null);
    if (found === undefined) throw new ApplicationError('environment-not-found', `there was no environment ${params.id} then`);
    if (found.node === undefined) throw new ApplicationError('node-not-found', `the environment had no node ${String(query.node)} then`);
    return pastTunnelJson(found.tunnel, atMs);
  }

  app.post<ConnectionRoute>(
    PATH,
    {
      config: { access: 'operator', environmentAccess: 'read' },
      schema: {
        summary: 'Select an environment: open its tunnel',
        params: idParams,
        querystring: exactly({ node, waitSeconds }),
        response: { 200: tunnelSchema, 202: { ...tunnelSchema, description: 'Not open yet: ask again at Location.' } },
      },
    },
    async (request, reply) => {
      const key = await keyOf(request);
      const { position } = await connections.require(key, contextOf(request));
      const settled = settle(projections, position, reply);
      const waitMs = 1_000 * waitAsked(request, reply);
      if (waitMs > 0) await waitPatiently(connections.waitUntilOpen(key, { timeoutMs: waitMs, signal: clientGone(reply) }));
      await settled;
      const status = await connections.status(key);
      if (status.state !== 'open') {
        reply.code(202).header('location', `/api/v1/environments/${key.environmentId}/connection${key.node === null ? '' : `?node=${key.node}`}`);
      }
      return tunnelJson(key, status, dialer);
    },
  );

  app.get<ConnectionRoute>(
    PATH,
    { config: { access: 'auditor' }, schema: { summary: 'Show a tunnel', params: idParams, querystring: exactly({ node, asOf }), response: { 200: tunnelSchema } } },
    async (request) => {
      const atMs = await instantAsked(projections, request.query.asOf);
      if (atMs !== undefined) return pastTunnel(request, atMs);
      const key = await keyOf(request);
      const status = await connections.status(key);
      // What was never asked for is closed, whether it exists or not.
      if (status.state === 'closed' && (await projections.environments.find(key.environmentId)) === undefined) {
        throw new ApplicationError('environment-not-found', `there is no environment ${key.environmentId}`);
      }
      return tunnelJson(key, status, dialer);
    },
  );

  app.delete<ConnectionRoute>(
    PATH,
    { config: { access: 'operator' }, schema: { summary: 'Disconnect now', operationId: 'disconnectEnvironment', params: idParams, querystring: exactly({ node }), response: { 204: noContent } } },
    async (request, reply) => {
      const { position } = await connections.disconnect(await keyOf(request), contextOf(request));
      await settle(projections, position, reply);
      return reply.code(204).send();
    },
  );

  app.put<ConnectionRoute>(
    `${PATH}/keep-alive`,
    {
      config: { access: 'operator', environmentAccess: 'read' },
      schema: { summary: 'Keep the tunnel from being closed as idle', operationId: 'keepTunnelAlive', params: idParams, querystring: exactly({ node }), response: { 204: noContent } },
    },
    async (request, reply) => {
      await connections.keepAlive(await keyOf(request));
      return reply.code(204).send();
    },
  );
}

/** By the query, or by `Prefer: wait=` (RFC 7240). */
function waitAsked({ query, headers }: FastifyRequest<ConnectionRoute>, reply: FastifyReply): number {
  if (query.waitSeconds !== undefined) return query.waitSeconds;
  const preferred = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,5})"?\s*(?:[,;]|$)/i.exec(String(headers['prefer'] ?? ''))?.[1];
  if (preferred === undefined) return 0;
  const seconds = Math.min(Number(preferred), LONGEST_WAIT_SECONDS);
  reply.header('preference-applied', `wait=${seconds}`);
  return seconds;
}

const NOT_OPEN: ReadonlySet<string> = new Set(['tunnel-timeout', 'agent-not-polling', 'tunnel-disconnected']);

/** That it is not open in time is no error here: it stays required, and the answer says how it stands. */
async function waitPatiently(open: Promise<void>): Promise<void> {
  try {
    await open;
  } catch (error) {
    if (!(error instanceof ApplicationError) || !NOT_OPEN.has(error.code)) throw error;
  }
}
