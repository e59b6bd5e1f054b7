/** The REST interface: who may call what, and the routes themselves, each in a file of its own. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { fastify, type FastifyInstance } from 'fastify';
import { CORRELATION_HEADER, correlationIdOf } from '../correlation.ts';
import { collectDescription, docsPath, registerDocsPage } from '../openapi/description.ts';
import { GatewayError } from '../problems/gateway-error.ts';
import { type Access, requireRole } from '../security/access.ts';
import { securityHeaders } from '../security/security-headers.ts';
import { addMethodNotAllowed, createErrorResponder } from './error-handler.ts';
import { awaitAskedPosition } from './read-your-writes.ts';
import { useIdempotencyKeys } from './idempotency.ts';
import { addRequestLog } from './request-log.ts';
import type { RestDependencies } from './rest-dependencies.ts';
import { LONGEST_PARAMETER } from './route-config.ts';
import { environmentAccessOf, type NeededReach, requireEnvironmentAccess } from './environment-reach.ts';
import { registerActivity } from './routes/activity.ts';
import { registerAddresses } from './routes/addresses.ts';
import { registerAgent } from './routes/agent.ts';
import { registerApiKeys } from './routes/api-keys.ts';
import { registerCheckpoints } from './routes/checkpoints.ts';
import { registerConnection } from './routes/connection.ts';
import { registerContainerStreams } from './routes/container-streams.ts';
import { registerContainers } from './routes/containers.ts';
import { registerDeployment } from './routes/deployment.ts';
import { registerDescription } from './routes/description.ts';
import { registerEnvironment } from './routes/environment.ts';
import { registerEnvironments } from './routes/environments.ts';
import { registerEventExport } from './routes/event-export.ts';
import { registerEvents } from './routes/events.ts';
import { registerFleet } from './routes/fleet.ts';
import { registerHealth } from './routes/health.ts';
import { registerOpenIdConnect } from './routes/openid-connect.ts';
import { registerProjections } from './routes/projections.ts';
import { registerLive } from './routes/live.ts';
import { registerMetrics } from './routes/metrics.ts';
import { registerSessions } from './routes/sessions.ts';
import { registerUsers } from './routes/users.ts';
import { registerSnapshots } from './routes/snapshots.ts';
import { registerSettings } from './routes/settings.ts';
import { registerTimeline } from './routes/timeline.ts';
import { registerTunnelCertificate } from './routes/tunnel-certificate.ts';
import { registerWebUi } from './routes/web-ui.ts';
import { exactly, nothing } from './schemas/json-schema.ts';
import { useSerializer } from './serializer.ts';
import { endUnreadAnswers } from './unread-answers.ts';
import { useJsonBodies, useValidator } from './validator.ts';

/** A file of routes. Paths are relative to what it is registered under. */
export type RegisterRoutes = (app: FastifyInstance, dependencies: RestDependencies) => void;

/** Under /api/v1. */
const API: readonly RegisterRoutes[] = [
  registerSessions,
  registerOpenIdConnect,
  registerUsers,
  registerApiKeys,
  registerSettings,
  registerTunnelCertificate,
  registerAddresses,
  registerEnvironments,
  registerEnvironment,
  registerDeployment,
  registerConnection,
  registerContainerStreams,
  registerSnapshots,
  registerContainers,
  registerFleet,
  registerTimeline,
  registerActivity,
  registerEvents,
  registerEventExport,
  registerLive,
  registerCheckpoints,
  registerProjections,
  registerDescription,
];
/** Outside it. */
const OUTSIDE: readonly RegisterRoutes[] = [registerHealth, registerMetrics, registerAgent];

const BODY_METHODS: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH']);

/** A route as it was declared, for who describes or tests them. */
export interface DeclaredRoute {
  readonly method: string;
  readonly url: string;
  readonly access: Access;
  /** What an operator's grants must reach; undefined where nothing. */
  readonly environmentAccess: NeededReach | undefined;
}

export interface RestApp {
  readonly handle: (req: IncomingMessage, res: ServerResponse) => void;
  readonly routes: readonly DeclaredRoute[];
  /** The interface as OpenAPI 3.1. */
  describe(): object;
  close(): Promise<void>;
}

/** @param serverFor gives the HTTP server that will feed the handler. */
export async function createRestApp(dependencies: RestDependencies, serverFor: (handle: RestApp['handle']) => Server): Promise<RestApp> {
  const { authentication, limits, logger, isTrustedProxy = () => false } = dependencies;
  const respond = createErrorResponder(logger, limits);
  const routes: DeclaredRoute[] = [];
  const methodsByUrl = new Map<string, Set<string>>();
  let handle: RestApp['handle'] = () => undefined;

  const app = fastify({
    serverFactory: (handler) => {
      handle = handler;
      return serverFor(handler);
    },
    logger: false,
    // For request.ip alone; Host is what the client sent.
    trustProxy: (address: string) => isTrustedProxy(address),
    bodyLimit: limits.bodyBytes,
    genReqId: () => randomUUID(),
    requestIdHeader: false,
    routerOptions: { maxParamLength: LONGEST_PARAMETER },
    frameworkErrors: (error, request, reply) => void respond(error, request, reply),
    // Requests that came before the last moment are answered as ever; it is the connections that end.
    return503OnClosing: false,
    clientErrorHandler: () => undefined,
  });
  useValidator(app);
  useSerializer(app);
  app.setErrorHandler(respond);
  app.decorateRequest('identity', null);
  app.decorateRequest('correlationId', '');
  useJsonBodies(app);

  app.addHook('onRoute', (route) => {
    const { method, url } = route;
    // The page that shows the description.
    if (url === docsPath || url.startsWith(`${docsPath}/`)) route.config = { ...route.config, access: 'public', undocumented: true };
    const { config } = route;
    const access = config?.access;
    if (access === undefined) throw new Error(`the route ${String(method)} ${url} does not say who may call it`);
    if (config?.undocumented === true) return;
    // Who sends what a route has no use for is told so.
    route.schema = { querystring: exactly({}), ...([method].flat().some((one) => BODY_METHODS.has(one)) ? { body: nothing } : {}), ...route.schema };
    const needed = environmentAccessOf(route);
    if (needed !== undefined) route.onRequest = [...[route.onRequest ?? []].flat(), requireEnvironmentAccess(dependencies.environmentAccess, needed)];
    for (const one of [method].flat()) {
      routes.push({ method: one, url, access, environmentAccess: needed });
      const methods = methodsByUrl.get(url) ?? new Set();
      methodsByUrl.set(url, methods.add(one));
    }
  });
  addRequestLog(app, dependencies);
  await collectDescription(app, dependencies.version, () => routes);
  app.addHook('onRequest', (request, _reply, done) => {
    request.correlationId = request.id;
    if (request.is404) throw new GatewayError('not-found', 'Nothing is at this address.');
    const { access } = request.routeOptions.config;
    if (access === 'public') return done();
    request.identity = authentication.identify(request.raw, { address: request.ip, correlationId: request.id }) ?? null;
    // A stranger does not choose what stands in the record.
    if (request.identity !== null) request.correlationId = correlationIdOf(request.headers, request.id);
    // What forgot to say who may call it, nobody may.
    requireRole(request.identity?.principal, access ?? 'admin');
    if (request.identity?.by === 'session' && request.method !== 'GET' && request.method !== 'HEAD') authentication.refuseForgery(request.headers);
    done();
  });
  app.addHook('preHandler', awaitAskedPosition(dependencies.projections));
  useIdempotencyKeys(app);
  app.addHook('onSend', (request, reply, payload, done) => {
    reply.headers({ ...securityHeaders, 'homeport-request-id': request.id, [CORRELATION_HEADER]: request.correlationId });
    done(null, payload);
  });
  // What has no route is refused above; this is asked where a file of a page is missing.
  app.setNotFoundHandler(() => {
    throw new GatewayError('not-found', 'Nothing is at this address.');
  });

  app.register(
    (api, _options, done) => {
      for (const register of API) register(api, dependencies);
      done();
    },
    { prefix: '/api/v1' },
  );
  app.register((root, _options, done) => {
    for (const register of OUTSIDE) register(root, dependencies);
    done();
  });
  app.register((root, _options, done) => {
    endUnreadAnswers(root, limits.downloadStallMs);
    registerDocsPage(root);
    done();
  });
  app.register((root, _options, done) => {
    registerWebUi(root, dependencies);
    done();
  });
  app.register((root, _options, done) => {
    addMethodNotAllowed(root, methodsByUrl);
    done();
  });
  await app.ready();
  return { handle, routes, describe: () => app.swagger(), close: () => app.close() };
}
