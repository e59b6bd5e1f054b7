/** Keeps operators to the environments that they are granted: what is out of reach looks as if it did not exist. */
import type { FastifyContextConfig, FastifyRequest, RouteOptions } from 'fastify';
import type { EnvironmentAccess } from '../../services/application/ports/users.ts';
import { GatewayError } from '../problems/gateway-error.ts';
import { identityOf } from './route-config.ts';

/** What an operator's grants must reach for a route. */
export type NeededReach = NonNullable<FastifyContextConfig['environmentAccess']>;

const ABOUT_ONE = /\/environments\/:id(?:\/|$)/;
const READING: ReadonlySet<string> = new Set(['GET', 'HEAD']);
const ID = /^[a-z0-9]{1,64}$/;

/** What a route says itself; else, where it is about one environment, `read` for what only reads. Undefined where it needs none. */
export function environmentAccessOf({ url, method, config }: Pick<RouteOptions, 'url' | 'method' | 'config'>): NeededReach | undefined {
  if (config?.environmentAccess !== undefined) return config.environmentAccess;
  if (!ABOUT_ONE.test(url)) return undefined;
  return [method].flat().every((one) => READING.has(one)) ? 'read' : 'full';
}

/** A hook for such a route. */
export function requireEnvironmentAccess(environmentAccess: EnvironmentAccess, needed: NeededReach): (request: FastifyRequest) => Promise<void> {
  return async (request) => {
    const { principal } = identityOf(request);
    if (needed === 'every') {
      if (environmentAccess.tagsInReach(principal) !== undefined) throw new GatewayError('forbidden', 'This is about every environment, and your grants do not reach them all.');
      return;
    }
    const { id } = request.params as { id: string };
    // What is no id is told so when the parameters are checked.
    if (ID.test(id)) await environmentAccess.require(principal, id, needed);
  };
}
