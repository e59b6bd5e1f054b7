/** Who called what through tunnels, when, and with what result. */
import type { FastifyInstance } from 'fastify';
import { ApplicationError } from '../../../services/application/ports/application-error.ts';
import type { ActivityQuery } from '../../../projections/port.ts';
import { page } from '../page.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { withinReach } from '../within-reach.ts';
import { exactly, identifier, idParams, instant, nullableInstant, nullableText, pageOf, pageQuery } from '../schemas/json-schema.ts';

const text = { type: 'string', minLength: 1, maxLength: 200 };
const filters = {
  actor: { ...text, description: 'Who called, exactly as calls have it.', examples: ['user:admin'] },
  method: { ...text, examples: ['POST'] },
  changes: { type: 'boolean', description: 'true: by a method that may change something, so any but GET and HEAD; false: by these two.' },
  path: { ...text, description: 'Part of the path.', examples: ['/exec'] },
  result: { type: 'string', enum: ['ok', 'failed', 'under-way'], description: 'failed: by a status of 400 or above, or on our side of the engine.' },
  from: { ...instant, description: 'Inclusive, by when the call was last told of.' },
  to: { ...instant, description: 'Exclusive.' },
};

const nullableCount = { type: ['integer', 'null'] };
const callSchema = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    environmentId: identifier,
    environmentName: { ...nullableText, description: 'What it is called now, or was when it was removed.' },
    node: { ...nullableText, description: 'The Swarm node asked for; null is the environment’s own engine.' },
    actor: nullableText,
    method: nullableText,
    path: { type: 'string', description: 'Without its query except listed parameters.' },
    startedAt: instant,
    endedAt: { ...nullableInstant, description: 'Null while it is under way; where the server was killed meanwhile, until it is back.' },
    status: { ...nullableCount, description: 'Null also where the client had gone before there was one.' },
    failure: { ...nullableText, description: 'A code, where it failed on our side of the engine; server-restarted where the control plane was killed meanwhile: then it ended some time before endedAt, and no more is known of it.', examples: ['tunnel-lost'] },
    durationMs: nullableCount,
    bytesSent: { ...nullableCount, description: 'To the engine.' },
    bytesReceived: { ...nullableCount, description: 'From the engine.' },
    stream: {
      type: ['object', 'null'],
      description: 'What it became where its connection was upgraded or followed.',
      properties: { kind: { type: 'string', examples: ['exec'] }, endReason: nullableText },
    },
  },
};

const description = 'The newest first: by their start while they are under way, then by their end. Calls whose record was lost while the store was away are counted by ActivityLost among the events.';

export function registerActivity(app: FastifyInstance, { projections, environmentAccess }: RestDependencies): void {
  app.get<{ Querystring: Omit<ActivityQuery, 'environmentId'> & { environment?: string } }>(
    '/activity',
    {
      config: { access: 'auditor' },
      schema: {
        summary: 'Calls to engines',
        operationId: 'listActivity',
        description: `${description} total is null: calls are not counted.`,
        querystring: exactly({ environment: { ...identifier, description: 'Of this environment alone, by its id.' }, ...filters, ...pageQuery }),
        response: { 200: pageOf(callSchema, { type: ['integer', 'null'] }) },
      },
    },
    (request) => {
      const { environment, ...query } = request.query;
      const asked = { ...query, ...withinReach(environmentAccess, request), ...(environment === undefined ? {} : { environmentId: environment }) };
      return page(projections.activity.list(asked));
    },
  );

  app.get<{ Params: { id: string }; Querystring: Omit<ActivityQuery, 'environmentId'> }>(
    '/environments/:id/activity',
    {
      config: { access: 'auditor' },
      schema: { summary: 'Calls to an environment’s engines', operationId: 'listEnvironmentActivity', description, params: idParams, querystring: exactly({ ...filters, ...pageQuery }), response: { 200: pageOf(callSchema) } },
    },
    async ({ params, query }) => {
      const found = await page(projections.activity.list({ ...query, environmentId: params.id }));
      const isKnown = found.total !== 0 || (await projections.timeline.list({ environmentId: params.id, limit: 1, order: 'asc' })).items.length > 0;
      if (!isKnown) throw new ApplicationError('environment-not-found', `There is no environment ${params.id}, and never was.`);
      return found;
    },
  );
}
