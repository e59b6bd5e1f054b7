/** What an agent needs to join an environment. Whoever has it can answer for the environment, hence no auditor. */
import type { FastifyInstance } from 'fastify';
import type { RestDependencies } from '../rest-dependencies.ts';
import { idParams } from '../schemas/json-schema.ts';

const deploymentSchema = {
  type: 'object',
  properties: {
    edgeId: { type: 'string', description: 'EDGE_ID: the Edge ID associated, or the one issued.' },
    joinToken: { type: 'string', description: 'EDGE_KEY.' },
  },
};

export function registerDeployment(app: FastifyInstance, { environments }: RestDependencies): void {
  app.get<{ Params: { id: string } }>(
    '/environments/:id/deployment',
    { config: { access: 'operator' }, schema: { summary: 'How to start an agent', params: idParams, response: { 200: deploymentSchema } } },
    (request) => environments.deployment(request.params.id),
  );
}
