/** One line of log, and one measurement, for each request that has ended. */
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { GatewayMetrics } from '../gateway-metrics.ts';
import { PAGES } from './routes/web-ui.ts';

/** Asked every few seconds by machines: of no interest but to who looks for trouble. */
const FREQUENT: ReadonlySet<string> = new Set(['/healthz', '/livez', '/readyz', '/metrics']);
/** A longer path is cut. */
const longestPath = 512;

/** Neither query nor headers nor body are logged: they may hold secrets. */
export function addRequestLog(app: FastifyInstance, { logger, metrics }: { readonly logger: Logger; readonly metrics: Pick<GatewayMetrics, 'requestEnded'> }): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { method, id: requestId, correlationId, ip: address } = request;
    const status = reply.raw.statusCode;
    const declared = request.routeOptions.url ?? 'none';
    // Under the pages' own address stands whatever else was guessed, too.
    const route = request.is404 || (declared === PAGES && status === 404) ? 'none' : declared;
    const durationMs = reply.elapsedTime;
    metrics.requestEnded({ method, route, status, durationMs });
    const path = (request.url.split('?', 1)[0] ?? '').slice(0, longestPath);
    const line = { requestId, correlationId, method, path, status, durationMs: Math.round(durationMs), actor: request.identity?.principal.actor, address };
    if (FREQUENT.has(route)) logger.debug(line, 'request');
    else logger.info(line, 'request');
    done();
  });
}
