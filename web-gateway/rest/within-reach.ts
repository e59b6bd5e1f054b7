/** Lists about many environments: an operator sees of them what its grants reach. */
import type { FastifyRequest } from 'fastify';
import type { EnvironmentAccess } from '../../services/application/ports/users.ts';
import { identityOf } from './route-config.ts';

/** A filter of such a list; empty for whoever reaches every environment. */
export function withinReach(environmentAccess: EnvironmentAccess, request: FastifyRequest): { readonly tagsInReach?: readonly string[] } {
  const tagsInReach = environmentAccess.tagsInReach(identityOf(request).principal);
  return tagsInReach === undefined ? {} : { tagsInReach };
}
