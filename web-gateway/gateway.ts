/** The web gateway: REST and the Docker proxy, on connections that a listener hands over. */
import type { Duplex } from 'node:stream';
import type { Principal } from '../services/application/ports.ts';
import type { GatewayDependencies } from './gateway-dependencies.ts';
import { defaultGatewayLimits } from './gateway-limits.ts';
import { createDockerProxy } from './docker-proxy/docker-proxy.ts';
import { createHttpServer, type HttpServer } from './http/http-server.ts';
import { createRestApp, type DeclaredRoute } from './rest/rest-app.ts';
import { createAccessLeases } from './security/access-lease.ts';
import { createAuthentication } from './security/authentication.ts';

export interface Gateway {
  /**
   * Takes over a connection that speaks HTTP/1.1.
   * @param peer its address as the listener knows it; where the listener knows that too, how to reset it, and who it is
   */
  accept(socket: Duplex, peer: { readonly address: string; readonly reset?: () => void; readonly principal?: Principal }): void;
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
  const closing = new AbortController();
  const { promise: served, resolve: serve } = Promise.withResolvers<HttpServer>();
  const rest = await createRestApp({ ...dependencies, authentication, leases, logger, limits, closing: closing.signal }, (handle) => {
    const http = createHttpServer({ proxy, rest: handle, limits });
    serve(http);
    return http.server;
  });
  const http = await served;

  return {
    accept(socket, peer) {
      if (peer.principal !== undefined) authentication.trust(socket, peer.principal);
      http.accept(socket, peer);
    },
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
