/** All environments: listing and creating them. */
import type { FastifyInstance } from 'fastify';
import type { EnvironmentListQuery } from '../../../projections/port.ts';
import { addressHints } from '../../../services/application/address-hints.ts';
import type { NewEnvironment } from '../../../services/application/ports/environments.ts';
import { GatewayError } from '../../problems/gateway-error.ts';
import { environmentJson, pastEnvironmentJson } from '../environment-json.ts';
import { offeredAddress } from '../offered-address.ts';
import { page } from '../page.ts';
import { asOf, instantAsked } from '../past-instant.ts';
import { settle } from '../read-your-writes.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { clientGone, contextOf } from '../route-config.ts';
import { createdEnvironmentSchema, environmentSchema, newEnvironmentSchema } from '../schemas/environment-schema.ts';
import { withinReach } from '../within-reach.ts';
import { exactly, idempotencyKey, offset, pageOf, pageQuery } from '../schemas/json-schema.ts';

const querySchema = exactly({
  id: { type: 'string', pattern: '^[a-z0-9]{1,64}(,[a-z0-9]{1,64}){0,99}$', description: 'Only these, by their ids: at most a hundred, with commas. Those that are not there are left out.' },
  search: { type: 'string', minLength: 1, maxLength: 200, description: 'Part of a name, ignoring case.' },
  status: { type: 'string', enum: ['unassociated', 'never', 'up', 'down', 'duplicate'] },
  tag: { type: 'string', minLength: 1, maxLength: 200 },
  platform: { type: 'string', minLength: 1, maxLength: 200, description: 'Such as linux/amd64.' },
  tunnel: { type: 'string', enum: ['closed', 'required', 'opening', 'open'], description: 'One of its tunnels is so; closed: all of them are.' },
  sort: {
    type: 'string',
    enum: ['name', '-name', 'status', '-status', 'createdAt', '-createdAt', 'lastPolledAt', '-lastPolledAt'],
    default: 'name',
    description: 'With a dash from the last to the first. With asOf not by lastPolledAt.',
  },
  asOf,
  ...pageQuery,
  offset,
});

export function registerEnvironments(app: FastifyInstance, dependencies: RestDependencies): void {
  const { environments, environmentAccess, projections, publicAddress, resolveHost } = dependencies;

  app.get<{ Querystring: Omit<EnvironmentListQuery, 'ids'> & { id?: string; asOf?: string } }>(
    '/environments',
    { config: { access: 'auditor' }, schema: { summary: 'List environments', querystring: querySchema, response: { 200: pageOf(environmentSchema) } } },
    async (request, reply) => {
      const { id, asOf: then, ...filters } = request.query;
      const query = { ...filters, ...(id === undefined ? {} : { ids: id.split(',') }), ...withinReach(environmentAccess, request) };
      if (then !== undefined && query.sort?.endsWith('lastPolledAt') === true) {
        throw new GatewayError('invalid-request', 'The past is not sorted by lastPolledAt.', { faults: [{ parameter: 'sort', reason: 'must not be lastPolledAt with asOf' }] });
      }
      const atMs = await instantAsked(projections, then);
      if (atMs !== undefined) {
        const past = await page(projections.past.listEnvironments(atMs, query, clientGone(reply)));
        return { ...past, items: past.items.map((one) => pastEnvironmentJson(one, atMs)) };
      }
      const found = await page(projections.environments.list(query));
      return { ...found, items: found.items.map((view) => environmentJson(view, dependencies)) };
    },
  );

  app.post<{ Body: Omit<NewEnvironment, 'address'> & { address?: string } }>(
    '/environments',
    { config: { access: 'admin', isCreation: true }, schema: { summary: 'Create an environment', headers: idempotencyKey, body: newEnvironmentSchema, response: { 201: createdEnvironmentSchema } } },
    async (request, reply) => {
      const address = request.body.address ?? offeredAddress(publicAddress, request.headers.host);
      const { environmentId, joinToken, edgeId, position } = await environments.create({ ...request.body, address }, contextOf(request));
      await settle(projections, position, reply);
      reply.code(201).header('location', `/api/v1/environments/${environmentId}`);
      const view = await projections.environments.find(environmentId);
      // Where the read models lag behind, what is known for sure.
      const { name, tags = [], pollIntervalSeconds = null } = request.body;
      const known = { id: environmentId, name, status: 'unassociated', address, issuedEdgeId: edgeId, edgeId: null, tags, pollIntervalSeconds };
      const hints = view === undefined ? [] : await addressHints(view, resolveHost);
      return { ...(view === undefined ? known : environmentJson(view, dependencies)), joinToken, addressHints: hints };
    },
  );
}
