/** The fleet as a whole: how many there are of what, now, then, and over time. */
import type { FastifyInstance } from 'fastify';
import type { FleetHistoryQuery } from '../../../projections/port.ts';
import { GatewayError } from '../../problems/gateway-error.ts';
import { asOf, instantAsked } from '../past-instant.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { withinReach } from '../within-reach.ts';
import { exactly, instant } from '../schemas/json-schema.ts';
import { ofThePast } from '../schemas/past-schema.ts';

const DAY_MS = 86_400_000;

const by = { type: 'string', enum: ['status', 'platform', 'version', 'tunnel'], default: 'status' } as const;
const querySchema = exactly({
  by: { ...by, description: 'Of what the history is: environments by status or platform, agents by version, tunnels by state.' },
  from: { ...instant, description: 'Where the history begins; a day before its end by default.' },
  to: { ...instant, description: 'Where it ends, exclusive; now, or asOf, by default.' },
  stepSeconds: { type: 'integer', minimum: 60, maximum: 31_536_000, description: 'How far apart its points should be. They are further apart where the past is kept less finely: minutes for two days, quarters of an hour for thirty, six hours for a year, then days; and so that there are at most about 1,500.' },
  asOf,
});

const counts = { type: 'object', additionalProperties: { type: 'integer' } };
const numbers = { type: 'array', items: { type: 'integer' } };
const fleetSchema = {
  type: 'object',
  properties: {
    environments: { type: 'integer' },
    byStatus: { ...counts, examples: [{ up: 120, down: 3 }] },
    byPlatform: { ...counts, description: 'Environments by the platform of the agent that reported last.', examples: [{ 'linux/amd64': 120 }] },
    byVersion: { ...counts, description: 'Agents by version; a Swarm has several.', examples: [{ '0.1.0': 125 }] },
    tunnels: { ...counts, description: 'Tunnels that are not closed, by state.', examples: [{ open: 4 }] },
    asOf: ofThePast.asOf,
    history: {
      type: ['object', 'null'],
      description: 'Null for an operator whose grants do not reach every environment: it is kept of all of them together. The counts are of those in reach, also with asOf, which tells of any one instant.',
      properties: {
        by,
        stepSeconds: { type: 'integer' },
        at: { type: 'array', items: instant, description: 'When each step begins.' },
        series: {
          type: 'array',
          description: 'For each value that there was any of; of more than fifty the largest.',
          items: {
            type: 'object',
            properties: {
              value: { type: 'string' },
              last: { ...numbers, description: 'At each step’s end.' },
              lowest: { ...numbers, description: 'The least within each step.' },
              highest: { ...numbers, description: 'The most within each step.' },
            },
          },
        },
      },
    },
  },
};

interface FleetQuerystring {
  by: FleetHistoryQuery['by'];
  from?: string;
  to?: string;
  stepSeconds?: number;
  asOf?: string;
}

export function registerFleet(app: FastifyInstance, { projections, environmentAccess }: RestDependencies): void {
  app.get<{ Querystring: FleetQuerystring }>(
    '/fleet',
    {
      config: { access: 'auditor' },
      schema: {
        summary: 'Count the fleet',
        description: 'How many environments and agents there are, by status, platform and version; and over time.',
        querystring: querySchema,
        response: { 200: fleetSchema },
      },
    },
    async (request) => {
      const { tagsInReach } = withinReach(environmentAccess, request);
      const atMs = await instantAsked(projections, request.query.asOf);
      const asked = historyQuery(request.query, atMs ?? Date.now());
      // It is kept of all environments together.
      const history = tagsInReach === undefined ? await projections.fleet.history(asked) : null;
      if (atMs === undefined) return { ...(await projections.fleet.counts(tagsInReach)), history };
      return { ...(await projections.past.countFleet(atMs, tagsInReach)), asOf: new Date(atMs).toISOString(), history };
    },
  );
}

/** Throws {@link GatewayError} invalid-request where the range is none. */
function historyQuery({ by: dimension, from, to, stepSeconds }: FleetQuerystring, endMs: number): FleetHistoryQuery {
  const toMs = to === undefined ? endMs : Date.parse(to);
  const fromMs = from === undefined ? toMs - DAY_MS : Date.parse(from);
  if (fromMs >= toMs) throw new GatewayError('invalid-request', 'The history begins before it ends.', { faults: [{ parameter: 'from', reason: 'must be before to' }] });
  return { by: dimension, from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), ...(stepSeconds === undefined ? {} : { stepSeconds }) };
}
