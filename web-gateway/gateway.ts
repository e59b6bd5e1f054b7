/** The web gateway: REST and the Docker proxy, on connections that a listener hands over. */
import type { Duplex } from 'node:stream';
import { systemClock } from '../services/application/clock.ts';
import type { Principal } from '../services/application/ports/accounts.ts';
import type { GatewayDependencies } from './gateway-dependencies.ts';
import { defaultGatewayLimits } from './gateway-limits.ts';
import { createDockerProxy } from './docker-proxy/docker-proxy.ts';
import type { ConnectionPeer } from './http/client-connection.ts';
import { createHttpServer, type HttpServer } from './http/http-server.ts';
import { createLiveHub } from './live/live-hub.ts';
import { createRestApp, type DeclaredRoute } from './rest/rest-app.ts';
import { createAccessLeases } from './security/access-lease.ts';
import { createAuthentication } from './security/authentication.ts';
import { createEngineCaller, type EngineCallee, type EngineCaller } from './websockets/engine-caller.ts';
import { createWebSockets } from './websockets/web-sockets.ts';

export interface Gateway {
  /**
   * Takes over a connection that speaks HTTP/1.1.
   * @param peer `principal` is who sends its requests, where the listener knows that
   */
  accept(socket: Duplex, peer: ConnectionPeer & { readonly principal?: Principal }): void;
  /** Every route of the REST interface. */
  readonly routes: readonly DeclaredRoute[];
  /** Ends idle connections and followed streams at once, other calls when they are done, and at the latest after `graceMs`. */
  close(options: { readonly graceMs: number }): Promise<void>;
}

export async function createGateway(dependencies: GatewayDependencies): Promise<Gateway> {
  const limits = { ...defaultGatewayLimits, ...dependencies.limits };
  const logger = dependencies.logger.child({ component: 'web-gateway' });
  const authentication = createAuthentication({ accounts: dependencies.accounts, allowedOrigins: dependencies.allowedOrigins ?? [] });
  const leases = createAccessLeases(dependencies);
  const proxy = createDockerProxy({ ...dependencies, authentication, leases, logger: dependencies.logger.child({ component: 'docker-proxy' }), limits });
  const live = createLiveHub({ changes: dependencies.projections.changes, visibilityFor: dependencies.environmentAccess.visibilityFor, clock: systemClock, limits });
  const webSockets = createWebSockets({ authentication, rest: (req, res) => rest.handle(req, res), limits });
  const engineCaller = (callee: EngineCallee): EngineCaller => createEngineCaller(accept, callee);
  const closing = new AbortController();
  const { promise: served, resolve: serve } = Promise.withResolvers<HttpServer>();
  const rest = await createRestApp({ ...dependencies, authentication, leases, webSockets, engineCaller, live, logger, limits, closing: closing.signal }, (handle) => {
    const http = createHttpServer({ proxy, upgrades: webSockets, rest: handle, limits });
    serve(http);
    return http.server;
  });
  const http = await served;

  function accept(socket: Duplex, peer: ConnectionPeer & { readonly principal?: Principal }): void {
    if (peer.principal !== undefined) authentication.trust(socket, peer.principal);
    http.accept(socket, peer);
  }

  return {
    accept,
    routes: rest.routes,
    async close({ graceMs }) {
      closing.abort(new Error('the gateway is closing'));
      proxy.cutEndless();
      await http.close({ graceMs, onGraceOver: () => proxy.close() });
      proxy.close();
      await rest.close();
    },
  };
}
