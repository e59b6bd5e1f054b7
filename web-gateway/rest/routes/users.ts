/** Users: an admin makes, changes and removes them, an auditor sees them, and everyone changes their own password. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { EditableUser, UserChanges } from '../../../services/application/ports/users.ts';
import type { AccountSummary } from '../../../services/domain/account.ts';
import type { Grant, Role } from '../../../services/domain/events.ts';
import { sessionCookie } from '../../security/session-cookie.ts';
import { entityTag, onlyIfMatch } from '../entity-tag.ts';
import { pageById } from '../page-by-id.ts';
import { asOf, instantAsked } from '../past-instant.ts';
import { settle } from '../read-your-writes.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { contextOf, identityOf, originOf } from '../route-config.ts';
import { exactly, idempotencyKey, idParams, ifMatch, noContent, pageOf, pageQuery } from '../schemas/json-schema.ts';
import { newUserSchema, userChangesSchema, userSchema } from '../schemas/user-schema.ts';

interface NewUser {
  readonly username: string;
  readonly password: string;
  readonly role: Role;
  readonly grants?: readonly Grant[];
}

export function registerUsers(app: FastifyInstance, { accounts, users, environmentAccess, projections }: RestDependencies): void {
  app.get<{ Querystring: { limit: number; cursor?: string; asOf?: string } }>(
    '/users',
    {
      config: { access: 'auditor' },
      schema: { summary: 'List users', description: 'Oneself alone, for an operator who does not reach every environment.', querystring: exactly({ asOf, ...pageQuery }), response: { 200: pageOf(userSchema) } },
    },
    async (request) => {
      const { principal } = identityOf(request);
      const atMs = await instantAsked(projections, request.query.asOf);
      if (atMs === undefined) return pageById(users.list(principal), request.query);
      const all = await projections.past.listUsers(atMs);
      const isLimited = environmentAccess.tagsInReach(principal) !== undefined;
      return pageById(isLimited ? all.filter(({ id }) => id === principal.userId) : all, request.query);
    },
  );

  app.post<{ Body: NewUser }>(
    '/users',
    { config: { access: 'admin', isCreation: true }, schema: { summary: 'Create a user', headers: idempotencyKey, body: newUserSchema, response: { 201: userSchema } } },
    async (request, reply) => {
      const { user, position } = await users.create(identityOf(request).principal, request.body, contextOf(request));
      await settle(projections, position, reply);
      return answer(reply.code(201).header('location', `/api/v1/users/${user.id}`), user);
    },
  );

  app.get<{ Params: { id: string } }>(
    '/users/:id',
    { config: { access: 'auditor' }, schema: { summary: 'Show a user', params: idParams, response: { 200: userSchema } } },
    (request, reply) => Promise.resolve(answer(reply, users.find(identityOf(request).principal, request.params.id))),
  );

  app.patch<{ Params: { id: string }; Body: UserChanges }>(
    '/users/:id',
    {
      config: { access: 'metrics' },
      schema: {
        summary: 'Change a user’s role, grants or password',
        operationId: 'changeUser',
        description:
          'An admin changes all; everyone else their own password, by a session, with the current one. A changed password ends the user’s sessions; who changed their own gets another.',
        params: idParams,
        headers: ifMatch,
        body: userChangesSchema,
        response: { 200: userSchema },
      },
    },
    async (request, reply) => {
      const { principal, by } = identityOf(request);
      const { user, position } = await users.change(principal, request.params.id, request.body, contextOf(request), onlyIfMatch(request, editableUser));
      if (by === 'session' && user.id === principal.userId && request.body.password !== undefined) {
        const renewed = await accounts.renewSession(principal, originOf(request));
        reply.header('set-cookie', sessionCookie(renewed.token, renewed.principal.session?.expiresAt ?? ''));
      }
      await settle(projections, position, reply);
      return answer(reply, user);
    },
  );

  app.delete<{ Params: { id: string } }>(
    '/users/:id',
    { config: { access: 'admin' }, schema: { summary: 'Remove a user, their sessions and their API keys', params: idParams, headers: ifMatch, response: { 204: noContent } } },
    async (request, reply) => {
      const { position } = await users.remove(identityOf(request).principal, request.params.id, contextOf(request), onlyIfMatch(request, editableUser));
      await settle(projections, position, reply);
      return reply.code(204).send();
    },
  );
}

function answer(reply: FastifyReply, user: AccountSummary): object {
  reply.header('etag', entityTag(editableUser(user)));
  return user;
}

/** What of a user its tag is made of. */
function editableUser({ role, grants, passwordChangedAt }: EditableUser): EditableUser {
  return { role, grants, passwordChangedAt };
}
