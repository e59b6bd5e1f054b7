/** What the routes of the REST interface work with. */
import type { GatewayDependencies } from '../gateway-dependencies.ts';
import type { GatewayLimits } from '../gateway-limits.ts';
import type { LiveHub } from '../live/live-hub.ts';
import type { AccessLeases } from '../security/access-lease.ts';
import type { Authentication } from '../security/authentication.ts';
import type { EngineCallee, EngineCaller } from '../websockets/engine-caller.ts';
import type { WebSockets } from '../websockets/web-sockets.ts';

export interface RestDependencies extends Omit<GatewayDependencies, 'limits' | 'activity' | 'allowedOrigins'> {
  readonly authentication: Authentication;
  /** Whoever streams takes one. */
  readonly leases: AccessLeases;
  readonly webSockets: WebSockets;
  /** Calls engines through the Docker proxy. */
  readonly engineCaller: (callee: EngineCallee) => EngineCaller;
  readonly live: LiveHub;
  readonly limits: GatewayLimits;
  /** Aborts when the gateway closes: what would go on for ever ends then. */
  readonly closing: AbortSignal;
}
