/** Signed checkpoints of the record: what whoever keeps them can verify the log by. */
import type { FastifyInstance } from 'fastify';
import { GatewayError } from '../../problems/gateway-error.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { settle } from '../read-your-writes.ts';
import { contextOf } from '../route-config.ts';
import { exactly, instant, pageOf, pageQuery } from '../schemas/json-schema.ts';

const checkpointSchema = {
  type: 'object',
  properties: {
    at: instant,
    controlPlaneNode: { type: 'string' },
    position: { type: 'string', description: 'Of the newest event that it covers.' },
    events: { type: 'integer', description: 'Recorded so far, those that have expired since included.' },
    chain: { type: 'string', description: 'The hash chain after that event: SHA-256, hexadecimal.' },
    publicKey: { type: 'string', description: 'Ed25519, base64.' },
    signature: { type: 'string', description: 'Ed25519 over what docs/security.md says, base64.' },
  },
};

export function registerCheckpoints(app: FastifyInstance, { checkpoints, projections }: RestDependencies): void {
  app.get<{ Querystring: { limit: number; cursor?: string; order: 'asc' | 'desc' } }>(
    '/checkpoints',
    {
      config: { access: 'auditor' },
      schema: { summary: 'Signed checkpoints', operationId: 'listCheckpoints', description: 'Oldest first by default. Keep them elsewhere: homeport events verify takes them.', querystring: exactly({ order: { type: 'string', enum: ['asc', 'desc'], default: 'asc', description: 'asc: the oldest first.' }, ...pageQuery }), response: { 200: pageOf(checkpointSchema) } },
    },
    async (request) => {
      const { limit, cursor, order } = request.query;
      const page = await checkpoints.list({ limit, newestFirst: order === 'desc', ...(cursor === undefined ? {} : { from: revisionOf(cursor) }) });
      return { items: page.checkpoints, nextCursor: page.next === null ? null : String(page.next), total: page.total };
    },
  );

  app.post(
    '/checkpoints',
    { config: { access: 'admin' }, schema: { summary: 'Sign a checkpoint now', operationId: 'signCheckpoint', description: 'Where nothing was recorded since the last one, answers that.', response: { 201: checkpointSchema } } },
    async (request, reply) => {
      const { checkpoint, position } = await checkpoints.sign(contextOf(request));
      await settle(projections, position, reply);
      return reply.code(201).send(checkpoint);
    },
  );
}

function revisionOf(cursor: string): number {
  const revision = Number(cursor);
  if (/^\d+$/.test(cursor) && Number.isSafeInteger(revision)) return revision;
  throw new GatewayError('invalid-cursor', 'cursor is the nextCursor of another page of checkpoints.');
}
