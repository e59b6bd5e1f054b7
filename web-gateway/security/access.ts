/** Who may call a route: the lowest role that may. Each role may what those below it may. */
import type { Principal } from '../../services/application/ports/accounts.ts';
import { isAtLeast } from '../../services/application/role-rank.ts';
import type { Role } from '../../services/domain/events.ts';
import { GatewayError } from '../problems/gateway-error.ts';

/** `public` is everyone, signed in or not. */
export type Access = 'public' | Role;

/** Throws {@link GatewayError} unauthenticated or forbidden. */
export function requireRole(principal: Principal | undefined, lowest: Role): Principal {
  if (principal === undefined) {
    throw new GatewayError('unauthenticated', 'Sign in, or send an API key as Authorization: Bearer hp_….');
  }
  if (!isAtLeast(principal.role, lowest)) {
    throw new GatewayError('forbidden', `This takes the role ${lowest}; ${principal.username} is here as ${principal.role}.`);
  }
  return principal;
}
