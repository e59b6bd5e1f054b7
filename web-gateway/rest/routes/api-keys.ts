/** API keys: an admin sees all of them, everyone else their own. */
import type { FastifyInstance } from 'fastify';
import type { ApiKeySummary } from '../../../services/application/ports.ts';
import type { Role } from '../../../services/domain/events.ts';
import { GatewayError } from '../../problems/gateway-error.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { contextOf, identityOf } from '../route-config.ts';
import { exactly, idempotencyKey, idParams, identifier, instant, noContent, nullableInstant, pageOf, pageQuery } from '../schemas/json-schema.ts';

const keyProperties = {
  id: identifier,
  name: { type: 'string' },
  role: { type: 'string' },
  username: { type: 'string' },
  createdAt: instant,
  expiresAt: nullableInstant,
  lastUsedAt: nullableInstant,
};
const keySchema = { type: 'object', properties: keyProperties };
const createdKeySchema = { type: 'object', properties: { ...keyProperties, secret: { type: 'string', description: 'hp_…; shown this once.' } } };
const newKeySchema = exactly(
  {
    name: { type: 'string', minLength: 1, maxLength: 200 },
    role: { type: 'string', enum: ['admin', 'operator', 'auditor', 'metrics'] },
    expiresAt: nullableInstant,
  },
  ['name', 'role'],
);

export function registerApiKeys(app: FastifyInstance, { accounts }: RestDependencies): void {
  app.get<{ Querystring: { limit: number; cursor?: string } }>(
    '/api-keys',
    { config: { access: 'auditor' }, schema: { summary: 'List API keys', querystring: exactly(pageQuery), response: { 200: pageOf(keySchema) } } },
    (request) => Promise.resolve(page(accounts.listApiKeys(identityOf(request).principal), request.query)),
  );

  app.post<{ Body: { name: string; role: Role; expiresAt?: string | null } }>(
    '/api-keys',
    { config: { access: 'auditor', isCreation: true }, schema: { summary: 'Create an API key', headers: idempotencyKey, body: newKeySchema, response: { 201: createdKeySchema } } },
    async (request, reply) => {
      const key = await accounts.createApiKey(identityOf(request).principal, request.body, contextOf(request));
      reply.code(201).header('location', `/api/v1/api-keys/${key.id}`);
      return key;
    },
  );

  app.delete<{ Params: { id: string } }>(
    '/api-keys/:id',
    { config: { access: 'auditor' }, schema: { summary: 'Revoke an API key', params: idParams, response: { 204: noContent } } },
    async (request, reply) => {
      await accounts.revokeApiKey(identityOf(request).principal, request.params.id, contextOf(request));
      return reply.code(204).send();
    },
  );
}

/** The cursor is the id of the last key shown. */
function page(keys: readonly ApiKeySummary[], { limit, cursor }: { readonly limit: number; readonly cursor?: string }): object {
  const at = cursor === undefined ? -1 : keys.findIndex(({ id }) => id === cursor);
  if (cursor !== undefined && at === -1) throw new GatewayError('invalid-cursor', 'The list has changed, or the cursor is from elsewhere: begin anew.');
  const items = keys.slice(at + 1, at + 1 + limit);
  const isLast = at + 1 + items.length >= keys.length;
  return { items, nextCursor: isLast ? null : (items.at(-1)?.id ?? null), total: keys.length };
}
