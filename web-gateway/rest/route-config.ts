/** What each route of the REST interface declares, and what each request carries. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestOrigin } from '../../services/application/ports/accounts.ts';
import type { CommandContext } from '../../services/application/ports/command-context.ts';
import type { EnvironmentAccessLevel } from '../../services/domain/grants.ts';
import { GatewayError } from '../problems/gateway-error.ts';
import type { Access } from '../security/access.ts';
import type { Identity } from '../security/authentication.ts';

/** How long a part of a path may be that stands for a parameter, in characters. */
export const LONGEST_PARAMETER = 128;

declare module 'fastify' {
  interface FastifySchema {
    /** For the interface's description. */
    summary?: string;
    description?: string;
  }
  interface FastifyContextConfig {
    /** The lowest role that may call the route. A route without it can't be registered. */
    access?: Access;
    /**
     * How far an operator's grant must go for a route below /environments/:id; by default `read` for GET, `full` for the rest. Or, for
     * any route: `every` environment must be in reach.
     */
    environmentAccess?: EnvironmentAccessLevel | 'every';
    /** Left out of the interface's description: what answers for methods that a path does not have. */
    undocumented?: boolean;
  }
  interface FastifyRequest {
    /** Who asks; null where the request names nobody, which only public routes let through. */
    identity: Identity | null;
    /** Ties together all that the request causes; its own id, unless the caller sent one. */
    correlationId: string;
  }
}

/** Who asks. Throws {@link GatewayError} unauthenticated. */
export function identityOf(request: FastifyRequest): Identity {
  if (request.identity === null) throw new GatewayError('unauthenticated', 'Sign in, or send an API key as Authorization: Bearer hp_….');
  return request.identity;
}

/** Who asks, and what ties together all that the request causes. */
export function contextOf(request: FastifyRequest): CommandContext {
  return { actor: identityOf(request).principal.actor, correlationId: request.correlationId };
}

/** Where the request comes from. */
export function originOf(request: FastifyRequest): RequestOrigin {
  return { address: request.ip, correlationId: request.id };
}

/** Aborts when the client has gone before it had its answer. */
export function clientGone(reply: FastifyReply): AbortSignal {
  const aborter = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) aborter.abort(new Error('the client has gone'));
  });
  return aborter.signal;
}
