/** Signing in by name and password, asking who one is, signing out; and which sessions there are. */
import type { FastifyInstance } from 'fastify';
import type { Identity } from '../../security/authentication.ts';
import { endedSessionCookie, sessionCookie } from '../../security/session-cookie.ts';
import { GatewayError } from '../../problems/gateway-error.ts';
import { pageById } from '../page-by-id.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { contextOf, identityOf, originOf } from '../route-config.ts';
import { exactly, identifier, idParams, instant, noContent, nullableInstant, nullableText, pageOf, pageQuery } from '../schemas/json-schema.ts';
import { grantsSchema, roleSchema } from '../schemas/user-schema.ts';

const sessionSchema = {
  type: 'object',
  properties: {
    username: { type: 'string' },
    userId: { type: 'string' },
    role: { ...roleSchema, description: 'What one may do here: the account’s role, or the key’s where that is lower.' },
    by: { type: 'string', enum: ['session', 'api-key', 'connection'] },
    apiKeyId: nullableText,
    expiresAt: { ...nullableInstant, description: 'When the session ends; null with an API key.' },
    grants: { ...grantsSchema, type: ['array', 'null'], description: 'Which environments one reaches, by their tags; null is every one.' },
  },
};
const listedSchema = {
  type: 'object',
  properties: {
    id: identifier,
    userId: identifier,
    username: { type: 'string' },
    method: { type: 'string', enum: ['password', 'openid-connect'] },
    address: { type: 'string', description: 'The IP address signed in from.' },
    createdAt: instant,
    lastUsedAt: instant,
    expiresAt: instant,
    isCurrent: { type: 'boolean', description: 'Whether it is the one that asks.' },
  },
};

const credentialsSchema = exactly(
  { username: { type: 'string', minLength: 1, maxLength: 200 }, password: { type: 'string', minLength: 1, maxLength: 2048 } },
  ['username', 'password'],
  { username: 'admin', password: 'correct horse battery staple' },
);

export function registerSessions(app: FastifyInstance, { accounts, users, authentication }: RestDependencies): void {
  function sessionJson({ principal, by }: Identity): object {
    const { username, userId, role, reach, apiKeyId, session } = principal;
    const grants = reach === 'everything' ? null : users.find(principal, userId).grants;
    return { username, userId, role, by, apiKeyId, expiresAt: session?.expiresAt ?? null, grants };
  }

  app.post<{ Body: { username: string; password: string } }>(
    '/sessions',
    { config: { access: 'public' }, schema: { summary: 'Sign in', body: credentialsSchema, response: { 201: sessionSchema } } },
    async (request, reply) => {
      // Another site must not sign a browser in under a name of its choice.
      authentication.refuseOtherOrigin(request.headers);
      const { token, principal } = await accounts.signIn(request.body, originOf(request));
      reply.code(201).header('location', '/api/v1/sessions/current').header('set-cookie', sessionCookie(token, principal.session?.expiresAt ?? ''));
      return sessionJson({ principal, by: 'session' });
    },
  );

  app.get<{ Querystring: { limit: number; cursor?: string } }>(
    '/sessions',
    {
      config: { access: 'metrics' },
      schema: { summary: 'List sessions', description: 'The newest first. One’s own; those of all for an admin or auditor.', querystring: exactly(pageQuery), response: { 200: pageOf(listedSchema) } },
    },
    (request) => {
      const { principal } = identityOf(request);
      const page = pageById(accounts.listSessions(principal), request.query);
      return Promise.resolve({ ...page, items: page.items.map((session) => ({ ...session, isCurrent: session.id === principal.session?.id })) });
    },
  );

  app.delete<{ Params: { id: string } }>(
    '/sessions/:id',
    {
      config: { access: 'metrics' },
      schema: { summary: 'End a session', description: 'One’s own, or as an admin anybody’s. What it holds open ends at once.', params: idParams, response: { 204: noContent } },
    },
    async (request, reply) => {
      const { principal } = identityOf(request);
      await accounts.revokeSession(principal, request.params.id, contextOf(request));
      if (request.params.id === principal.session?.id) reply.header('set-cookie', endedSessionCookie());
      return reply.code(204).send();
    },
  );

  app.get('/sessions/current', { config: { access: 'metrics' }, schema: { summary: 'Who am I', response: { 200: sessionSchema } } }, (request) =>
    Promise.resolve(sessionJson(identityOf(request))),
  );

  app.delete('/sessions/current', { config: { access: 'metrics' }, schema: { summary: 'Sign out', response: { 204: noContent } } }, async (request, reply) => {
    const { principal, by } = identityOf(request);
    if (by !== 'session') throw new GatewayError('no-session', 'There is no session to sign out of; an API key is revoked instead.');
    await accounts.signOut(principal, contextOf(request));
    return reply.code(204).header('set-cookie', endedSessionCookie()).send();
  });
}
