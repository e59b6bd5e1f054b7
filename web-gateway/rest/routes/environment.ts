/** One environment: showing, changing, disassociating and removing it. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { ApplicationError } from '../../../services/application/ports/application-error.ts';
import type { EnvironmentChanges } from '../../../services/application/ports/environments.ts';
import { editableEnvironment, entityTag, onlyIfMatch } from '../entity-tag.ts';
import { environmentJson, pastEnvironmentJson } from '../environment-json.ts';
import { asOf, instantAsked } from '../past-instant.ts';
import { settle } from '../read-your-writes.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { clientGone, contextOf } from '../route-config.ts';
import { environmentChangesSchema, environmentSchema } from '../schemas/environment-schema.ts';
import { exactly, identifier, idParams, ifMatch, noContent } from '../schemas/json-schema.ts';

/** What agents are started with from now on. */
const joinSchema = {
  type: 'object',
  properties: { edgeId: { type: 'string', description: 'EDGE_ID.' }, joinToken: { type: 'string', description: 'EDGE_KEY, from now on.' } },
} as const;
const edgeIdParams = exactly({ id: identifier, edgeId: { type: 'string', format: 'uuid' } });

export function registerEnvironment(app: FastifyInstance, dependencies: RestDependencies): void {
  const { environments, projections } = dependencies;

  async function show(environmentId: string, reply: FastifyReply): Promise<object> {
    const view = await projections.environments.find(environmentId);
    if (view === undefined) throw new ApplicationError('environment-not-found', `There is no environment ${environmentId}.`);
    reply.header('etag', entityTag(editableEnvironment(view)));
    return environmentJson(view, dependencies);
  }

  app.get<{ Params: { id: string }; Querystring: { asOf?: string } }>(
    '/environments/:id',
    { config: { access: 'auditor' }, schema: { summary: 'Show an environment', params: idParams, querystring: exactly({ asOf }), response: { 200: environmentSchema } } },
    async (request, reply) => {
      const { id } = request.params;
      const atMs = await instantAsked(projections, request.query.asOf);
      if (atMs === undefined) return show(id, reply);
      const past = await projections.past.findEnvironment(atMs, id, clientGone(reply));
      if (past === undefined) throw new ApplicationError('environment-not-found', `There was no environment ${id} then.`);
      return pastEnvironmentJson(past, atMs);
    },
  );

  app.patch<{ Params: { id: string }; Body: EnvironmentChanges }>(
    '/environments/:id',
    {
      config: { access: 'admin' },
      schema: { summary: 'Change an environment', params: idParams, headers: ifMatch, body: environmentChangesSchema, response: { 200: environmentSchema } },
    },
    async (request, reply) => {
      const { position } = await environments.change(request.params.id, request.body, contextOf(request), onlyIfMatch(request, editableEnvironment));
      await settle(projections, position, reply);
      return show(request.params.id, reply);
    },
  );

  app.post<{ Params: { id: string } }>(
    '/environments/:id/rotate-token',
    {
      config: { access: 'admin' },
      schema: { summary: 'Make every join token so far useless, and give a new one', operationId: 'rotateJoinToken', params: idParams, response: { 200: joinSchema } },
    },
    async (request, reply) => {
      const { position, edgeId, joinToken } = await environments.rotateToken(request.params.id, contextOf(request));
      await settle(projections, position, reply);
      return { edgeId, joinToken };
    },
  );

  app.post<{ Params: { id: string } }>(
    '/environments/:id/disassociate',
    {
      config: { access: 'admin' },
      schema: { summary: 'Part an environment from its agent, and bar its Edge ID', operationId: 'disassociateEnvironment', params: idParams, response: { 200: environmentSchema } },
    },
    async (request, reply) => {
      const { position } = await environments.disassociate(request.params.id, contextOf(request));
      await settle(projections, position, reply);
      return show(request.params.id, reply);
    },
  );

  app.delete<{ Params: { id: string; edgeId: string } }>(
    '/environments/:id/barred-edge-ids/:edgeId',
    { config: { access: 'admin' }, schema: { summary: 'Allow a barred Edge ID again', operationId: 'allowEdgeId', params: edgeIdParams, response: { 204: noContent } } },
    async (request, reply) => {
      const { id, edgeId } = request.params;
      const { position } = await environments.allowEdgeId(id, edgeId, contextOf(request));
      await settle(projections, position, reply);
      return reply.code(204).send();
    },
  );

  app.delete<{ Params: { id: string } }>(
    '/environments/:id',
    { config: { access: 'admin' }, schema: { summary: 'Remove an environment', params: idParams, response: { 204: noContent } } },
    async (request, reply) => {
      const { position } = await environments.remove(request.params.id, contextOf(request));
      await settle(projections, position, reply);
      return reply.code(204).send();
    },
  );
}
