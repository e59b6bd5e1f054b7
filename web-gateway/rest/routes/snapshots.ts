/** An environment's snapshots: the latest, those before, and taking one now. */
import type { FastifyInstance } from 'fastify';
import { ApplicationError } from '../../../services/application/ports/application-error.ts';
import { GatewayError } from '../../problems/gateway-error.ts';
import { asOf, instantAsked } from '../past-instant.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { exactly, identifier, idParams, instant, nullableInstant, nullableText, pageOf, pageQuery } from '../schemas/json-schema.ts';
import { ofThePast } from '../schemas/past-schema.ts';
import { snapshotContentSchema } from '../schemas/snapshot-content-schema.ts';
import { snapshotFailureSchema, snapshotSummarySchema } from '../schemas/snapshot-schema.ts';

const node = { ...nullableText, description: 'The Swarm node, or null where one engine stands alone.' };

const nodeSchema = {
  type: 'object',
  properties: { node, hostname: { type: 'string' }, takenAt: nullableInstant, summary: snapshotSummarySchema, lastFailure: snapshotFailureSchema },
};

const latestSchema = {
  type: 'object',
  properties: {
    node,
    hostname: { type: 'string' },
    takenAt: { ...instant, description: 'When the engine was last seen so.' },
    changedAt: { ...instant, description: 'Since when it is so.' },
    hash: { type: 'string' },
    summary: snapshotSummarySchema,
    snapshot: snapshotContentSchema,
    nodes: { type: 'array', items: nodeSchema, description: 'How the snapshots of all its nodes stand.' },
    asOf: ofThePast.asOf,
  },
};

const itemSchema = {
  type: 'object',
  properties: { node, hostname: { type: 'string' }, takenAt: instant, recordedAt: { ...instant, description: 'As of this instant its content can be asked for (snapshots/latest).' }, hash: { type: 'string' }, bytes: { type: 'integer' }, summary: snapshotSummarySchema },
};

export function registerSnapshots(app: FastifyInstance, { projections, snapshots }: RestDependencies): void {
  async function known(environmentId: string, atMs?: number): Promise<void> {
    const found = await (atMs === undefined ? projections.environments.find(environmentId) : projections.past.hadEnvironment(atMs, environmentId));
    if (found === undefined || found === false) {
      throw new ApplicationError('environment-not-found', `There is no environment ${environmentId}.`);
    }
  }

  app.get<{ Params: { id: string }; Querystring: { node?: string; asOf?: string } }>(
    '/environments/:id/snapshots/latest',
    {
      config: { access: 'auditor' },
      // Half a megabyte, a third as long under way as by its schema; and what a newer agent or record says beyond it stays.
      serializerCompiler: () => JSON.stringify,
      schema: { summary: 'Show the latest snapshot', params: idParams, querystring: exactly({ node: identifier, asOf }), response: { 200: latestSchema } },
    },
    async ({ params, query }) => {
      const atMs = await instantAsked(projections, query.asOf);
      await known(params.id, atMs);
      const found = await (atMs === undefined ? projections.snapshots.latest(params.id, query.node) : projections.past.latestSnapshot(atMs, params.id, query.node));
      if (found === undefined) {
        throw new GatewayError('snapshot-not-found', atMs === undefined ? 'There is no snapshot of this environment yet.' : 'There was no snapshot of this environment then, or it has expired.');
      }
      const { content, environment, ...taken } = found;
      return { ...taken, snapshot: content, nodes: environment.nodes, ...(atMs === undefined ? {} : { asOf: new Date(atMs).toISOString() }) };
    },
  );

  app.get<{ Params: { id: string }; Querystring: { limit: number; cursor?: string; asOf?: string } }>(
    '/environments/:id/snapshots',
    {
      config: { access: 'auditor' },
      schema: { summary: 'List the snapshots that differ', operationId: 'listSnapshots', description: 'Newest first. Those that said the same as the one before are events alone.', params: idParams, querystring: exactly({ asOf, ...pageQuery }), response: { 200: pageOf(itemSchema) } },
    },
    async ({ params, query }) => {
      const atMs = await instantAsked(projections, query.asOf);
      await known(params.id, atMs);
      const before = query.cursor === undefined ? undefined : Number(query.cursor);
      if (before !== undefined && !Number.isSafeInteger(before)) throw new GatewayError('invalid-cursor', 'The cursor is none that a page of this list gave.');
      const asked = { limit: query.limit, ...(before === undefined ? {} : { before }) };
      return atMs === undefined ? projections.snapshots.list(params.id, asked) : projections.past.listSnapshots(atMs, params.id, asked);
    },
  );

  app.post<{ Params: { id: string } }>(
    '/environments/:id/snapshots',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'Take a snapshot now',
        description: 'Answers once the agents are asked; the snapshot follows in a moment.',
        params: idParams,
        response: { 202: { type: 'object', properties: { agents: { type: 'integer', description: 'How many were asked at once; others are with their next poll.' } } } },
      },
    },
    async ({ params }, reply) => reply.code(202).header('location', `/api/v1/environments/${params.id}/snapshots/latest`).send(await snapshots.request(params.id)),
  );
}
