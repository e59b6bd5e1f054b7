/** API keys: admins and auditors see all of them, everyone else their own. */
import type { FastifyInstance } from 'fastify';
import type { Role } from '../../../services/domain/events.ts';
import { pageById } from '../page-by-id.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { contextOf, identityOf } from '../route-config.ts';
import { exactly, idempotencyKey, idParams, identifier, instant, noContent, nullableInstant, pageOf, pageQuery } from '../schemas/json-schema.ts';
import { roleSchema } from '../schemas/user-schema.ts';

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
    role: roleSchema,
    expiresAt: nullableInstant,
  },
  ['name', 'role'],
  { name: 'monitoring', role: 'metrics' },
);

export function registerApiKeys(app: FastifyInstance, { accounts }: RestDependencies): void {
  app.get<{ Querystring: { limit: number; cursor?: string } }>(
    '/api-keys',
    { config: { access: 'auditor' }, schema: { summary: 'List API keys', querystring: exactly(pageQuery), response: { 200: pageOf(keySchema) } } },
    (request) => Promise.resolve(pageById(accounts.listApiKeys(identityOf(request).principal), request.query)),
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
