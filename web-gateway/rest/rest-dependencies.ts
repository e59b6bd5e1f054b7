/** What the routes of the REST interface work with. */
import type { GatewayDependencies } from '../gateway-dependencies.ts';
import type { GatewayLimits } from '../gateway-limits.ts';
import type { AccessLeases } from '../security/access-lease.ts';
import type { Authentication } from '../security/authentication.ts';

export interface RestDependencies extends Omit<GatewayDependencies, 'limits' | 'activity' | 'allowedOrigins'> {
  readonly authentication: Authentication;
  /** Whoever streams takes one. */
  readonly leases: AccessLeases;
  readonly limits: GatewayLimits;
  /** Aborts when the gateway closes: what would go on for ever ends then. */
  readonly closing: AbortSignal;
}
