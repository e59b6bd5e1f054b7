/** Containers across all environments, as their latest snapshots have them. */
import type { FastifyInstance } from 'fastify';
import type { ContainerListQuery } from '../../../projections/port.ts';
import { page } from '../page.ts';
import { asOf, instantAsked } from '../past-instant.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { withinReach } from '../within-reach.ts';
import { exactly, identifier, instant, nullableInstant, nullableText, offset, pageOf, pageQuery } from '../schemas/json-schema.ts';

const part = { type: 'string', minLength: 1, maxLength: 200 };
const querySchema = exactly({
  name: { ...part, description: 'Part of a container’s name, ignoring case.', examples: ['web'] },
  image: { ...part, description: 'Part of its image, ignoring case.', examples: ['nginx'] },
  state: { ...part, description: 'Such as running, exited or paused.', examples: ['running'] },
  environment: { ...identifier, description: 'Of this environment alone, by its id.' },
  asOf,
  ...pageQuery,
  offset,
});

const containerSchema = {
  type: 'object',
  properties: {
    environment: { type: 'object', properties: { id: identifier, name: { type: 'string' } } },
    node: { ...nullableText, description: 'The Swarm node, or null where one engine stands alone.' },
    hostname: { type: 'string' },
    id: { type: 'string' },
    name: { type: 'string' },
    image: { type: 'string' },
    state: { type: 'string' },
    health: { ...nullableText, description: 'Null where nothing checks it.' },
    exitCode: { type: ['integer', 'null'] },
    createdAt: nullableInstant,
    stack: { ...nullableText, description: 'Its Compose project or Swarm stack.' },
    takenAt: { ...instant, description: 'When the engine was last seen so.' },
  },
};

export function registerContainers(app: FastifyInstance, { projections, environmentAccess }: RestDependencies): void {
  app.get<{ Querystring: Omit<ContainerListQuery, 'environmentId'> & { environment?: string; asOf?: string } }>(
    '/containers',
    {
      config: { access: 'auditor' },
      schema: {
        summary: 'Search containers',
        description: 'Across all environments, from the latest snapshots, sorted by name: what an engine has changed since its last snapshot does not show. With asOf only snapshots that are still kept are searched.',
        querystring: querySchema,
        response: { 200: pageOf(containerSchema) },
      },
    },
    async (request) => {
      const { environment, asOf: then, ...filters } = request.query;
      const asked = { ...filters, ...withinReach(environmentAccess, request), ...(environment === undefined ? {} : { environmentId: environment }) };
      const atMs = await instantAsked(projections, then);
      return page(atMs === undefined ? projections.containers.list(asked) : projections.past.listContainers(atMs, asked));
    },
  );
}
