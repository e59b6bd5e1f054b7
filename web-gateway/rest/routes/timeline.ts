/** What happened: to one environment, or to all and to the installation. */
import type { FastifyInstance } from 'fastify';
import { ApplicationError } from '../../../services/application/ports/application-error.ts';
import type { TimelineQuery } from '../../../projections/port.ts';
import { page } from '../page.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { withinReach } from '../within-reach.ts';
import { exactly, idParams, instant, nullableText, pageOf, pageQuery } from '../schemas/json-schema.ts';

const kind = { type: 'string', enum: ['environment', 'agent', 'heartbeat', 'tunnel', 'snapshot', 'refusal', 'account', 'settings'] } as const;
const querySchema = exactly({
  kind,
  actor: { type: 'string', minLength: 1, maxLength: 200, description: 'Who caused it, exactly as entries have it.', examples: ['user:admin'] },
  from: { ...instant, description: 'Inclusive, by recordedAt.' },
  to: { ...instant, description: 'Exclusive.' },
  order: { type: 'string', enum: ['asc', 'desc'], default: 'desc', description: 'The newest first by default.' },
  ...pageQuery,
});

const entrySchema = {
  type: 'object',
  properties: {
    id: { type: 'string', description: 'The event’s.' },
    kind,
    type: { type: 'string', description: 'The event’s type.', examples: ['TunnelOpened'] },
    environmentId: { ...nullableText, description: 'Null for what concerns no environment.' },
    environmentName: { ...nullableText, description: 'What it is called now, or was when it was removed.' },
    actor: { ...nullableText, description: 'Who caused it.' },
    time: { ...instant, description: 'When it was decided.' },
    recordedAt: instant,
    stream: { type: 'string' },
    revision: { type: 'integer' },
    position: { type: 'string', description: 'Where the event stands in the record.' },
    details: { type: 'object', additionalProperties: true, description: 'What else the event says; of a snapshot its summary.' },
  },
};

export function registerTimeline(app: FastifyInstance, { projections, environmentAccess }: RestDependencies): void {
  app.get<{ Querystring: Omit<TimelineQuery, 'environmentId'> }>(
    '/timeline',
    {
      config: { access: 'auditor' },
      schema: {
        summary: 'What happened',
        operationId: 'listTimeline',
        description: 'To all environments, accounts and settings; to an operator whose grants do not reach everything, to the environments in reach. Polls and calls are left out: see the heartbeat, and the activity. total is null: entries are not counted.',
        querystring: querySchema,
        response: { 200: pageOf(entrySchema, { type: 'null' }) },
      },
    },
    (request) => page(projections.timeline.list({ ...request.query, ...withinReach(environmentAccess, request) })),
  );

  app.get<{ Params: { id: string }; Querystring: Omit<TimelineQuery, 'environmentId'> }>(
    '/environments/:id/timeline',
    {
      config: { access: 'auditor' },
      schema: {
        summary: 'What happened to an environment',
        operationId: 'listEnvironmentTimeline',
        description: 'Also where it was removed meanwhile. Polls and calls are left out: see the heartbeat, and the activity.',
        params: idParams,
        querystring: querySchema,
        response: { 200: pageOf(entrySchema) },
      },
    },
    async ({ params, query }) => {
      const found = await page(projections.timeline.list({ ...query, environmentId: params.id }));
      // Whatever ever was an environment has at least its creation there.
      if (found.total === 0 && !(await isRecorded(params.id))) throw new ApplicationError('environment-not-found', `There is no environment ${params.id}, and never was.`);
      return found;
    },
  );

  async function isRecorded(environmentId: string): Promise<boolean> {
    return (await projections.timeline.list({ environmentId, limit: 1, order: 'asc' })).items.length > 0;
  }
}

