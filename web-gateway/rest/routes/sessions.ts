/** Signing in by name and password, asking who one is, and signing out. */
import type { FastifyInstance } from 'fastify';
import type { Identity } from '../../security/authentication.ts';
import { endedSessionCookie, sessionCookie } from '../../security/session-cookie.ts';
import { GatewayError } from '../../problems/gateway-error.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { contextOf, identityOf } from '../route-config.ts';
import { exactly, noContent, nullableInstant, nullableText } from '../schemas/json-schema.ts';

const sessionSchema = {
  type: 'object',
  properties: {
    username: { type: 'string' },
    userId: { type: 'string' },
    role: { type: 'string', description: 'What one may do here: the account’s role, or the key’s where that is lower.' },
    by: { type: 'string', enum: ['session', 'api-key', 'connection'] },
    apiKeyId: nullableText,
    expiresAt: { ...nullableInstant, description: 'When the session ends; null with an API key.' },
  },
};

const credentialsSchema = exactly(
  { username: { type: 'string', minLength: 1, maxLength: 200 }, password: { type: 'string', minLength: 1, maxLength: 1024 } },
  ['username', 'password'],
);

function sessionJson({ principal, by }: Identity): object {
  const { username, userId, role, apiKeyId, session } = principal;
  return { username, userId, role, by, apiKeyId, expiresAt: session?.expiresAt ?? null };
}

export function registerSessions(app: FastifyInstance, { accounts, authentication }: RestDependencies): void {
  app.post<{ Body: { username: string; password: string } }>(
    '/sessions',
    { config: { access: 'public' }, schema: { summary: 'Sign in', body: credentialsSchema, response: { 201: sessionSchema } } },
    async (request, reply) => {
      // Another site must not sign a browser in under a name of its choice.
      authentication.refuseOtherOrigin(request.headers);
      const { token, principal } = await accounts.signIn(request.body, { address: request.ip, correlationId: request.id });
      reply.code(201).header('location', '/api/v1/sessions/current').header('set-cookie', sessionCookie(token, principal.session?.expiresAt ?? ''));
      return sessionJson({ principal, by: 'session' });
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
