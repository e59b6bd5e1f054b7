/** What an agent needs to join an environment. Whoever has it can answer for the environment, hence no auditor. */
import type { FastifyInstance } from 'fastify';
import { PLATFORMS } from '../../../services/agent-delivery/port.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { idParams } from '../schemas/json-schema.ts';

const commandSchema = { type: 'string', description: 'To paste into a POSIX shell as it is.' };
const deploymentSchema = {
  type: 'object',
  properties: {
    edgeId: { type: 'string', description: 'EDGE_ID: the Edge ID associated, or the one issued.' },
    joinToken: { type: 'string', description: 'EDGE_KEY.' },
    commands: { type: 'object', properties: Object.fromEntries(PLATFORMS.map((platform) => [platform, commandSchema])) },
    doctor: { type: 'object', description: 'To paste on a machine where one of the commands was run: says what keeps the agent from its work.', properties: Object.fromEntries(PLATFORMS.map((platform) => [platform, { type: 'string' }])) },
  },
};

export function registerDeployment(app: FastifyInstance, { environments, agentDelivery }: RestDependencies): void {
  app.get<{ Params: { id: string } }>(
    '/environments/:id/deployment',
    { config: { access: 'operator', environmentAccess: 'full' }, schema: { summary: 'How to start an agent', operationId: 'showDeployment', params: idParams, response: { 200: deploymentSchema } } },
    async (request) => {
      const { edgeId, joinToken } = await environments.deployment(request.params.id);
      return { edgeId, joinToken, commands: agentDelivery.commands({ edgeId, joinToken }), doctor: agentDelivery.doctorCommands };
    },
  );
}
