/** One environment: showing, changing and removing it. */
import type { FastifyInstance } from 'fastify';
import { ApplicationError, type EnvironmentChanges } from '../../../services/application/ports.ts';
import { environmentJson } from '../environment-json.ts';
import { settle } from '../read-your-writes.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { contextOf } from '../route-config.ts';
import { environmentChangesSchema, environmentSchema } from '../schemas/environment-schema.ts';
import { idParams, noContent } from '../schemas/json-schema.ts';

export function registerEnvironment(app: FastifyInstance, dependencies: RestDependencies): void {
  const { environments, projections } = dependencies;

  async function show(environmentId: string): Promise<object> {
    const view = await projections.environments.find(environmentId);
    if (view === undefined) throw new ApplicationError('environment-not-found', `There is no environment ${environmentId}.`);
    return environmentJson(view, dependencies);
  }

  app.get<{ Params: { id: string } }>(
    '/environments/:id',
    { config: { access: 'auditor' }, schema: { summary: 'Show an environment', params: idParams, response: { 200: environmentSchema } } },
    (request) => show(request.params.id),
  );

  app.patch<{ Params: { id: string }; Body: EnvironmentChanges }>(
    '/environments/:id',
    {
      config: { access: 'admin' },
      schema: { summary: 'Change an environment', params: idParams, body: environmentChangesSchema, response: { 200: environmentSchema } },
    },
    async (request, reply) => {
      const { position } = await environments.change(request.params.id, request.body, contextOf(request));
      await settle(projections, position, reply);
      return show(request.params.id);
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
