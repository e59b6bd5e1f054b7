/** Answers a proxied call with an error of our own, as the Docker API words errors. */
import { CORRELATION_HEADER } from '../correlation.ts';
import type { GatewayLimits } from '../gateway-limits.ts';
import { drainRequest } from '../http/http-server.ts';
import { dockerError, type Problem } from '../problems/problem.ts';
import { securityHeaders } from '../security/security-headers.ts';
import type { ClientExchange } from './client-exchange.ts';

export function answerWithError({ req, res, connection, upgrade }: ClientExchange, problem: Problem, { limits, correlationId }: { readonly limits: GatewayLimits; readonly correlationId: string }): void {
  if (res.headersSent || res.destroyed) return void connection.socket.destroy();
  const body = JSON.stringify(dockerError(problem));
  res.writeHead(problem.status, {
    ...securityHeaders,
    ...problem.headers,
    [CORRELATION_HEADER]: correlationId,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  res.end(body);
  if (upgrade === undefined) res.once('finish', () => drainRequest(req, limits.drainMs));
}
