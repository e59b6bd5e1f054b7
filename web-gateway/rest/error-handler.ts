/** Turns whatever goes wrong in the REST interface into problem details. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { ApplicationError } from '../../services/application/ports/application-error.ts';
import type { GatewayLimits } from '../gateway-limits.ts';
import { drainRequest } from '../http/http-server.ts';
import { GatewayError } from '../problems/gateway-error.ts';
import { problemDetails, problemOf } from '../problems/problem.ts';
import { isErrorCode } from '../problems/problem-table.ts';
import { securityHeaders } from '../security/security-headers.ts';

export interface ErrorResponder {
  (error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply;
}

export function createErrorResponder(logger: Logger, limits: GatewayLimits): ErrorResponder {
  return (error, request, reply) => {
    const problem = problemOf(inOurWords(error));
    if (problem.code === 'internal-error') logger.error({ err: error, requestId: request.id, method: request.method, route: request.routeOptions.url }, 'a request failed');
    // Fastify would close the connection under a client that still sends, before it could read this.
    reply.removeHeader('connection');
    reply.raw.once('finish', () => drainRequest(request.raw, limits.drainMs));
    return reply
      .code(problem.status)
      .headers({ ...securityHeaders, ...problem.headers })
      .type('application/problem+json')
      .serializer(JSON.stringify)
      .send(problemDetails(problem, request.id));
  };
}

/** What Fastify refuses by itself. */
function inOurWords(error: unknown): unknown {
  const { code, message, statusCode } = error instanceof Error ? (error as Partial<FastifyError>) : {};
  switch (code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new GatewayError('unsupported-media-type', 'Send the body as application/json.');
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new GatewayError('body-too-large', 'The body is larger than this server reads.');
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new GatewayError('malformed-json', `${message ?? 'The body is not JSON'}.`);
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new GatewayError('invalid-path', 'The path holds a broken percent-encoding, or a part that is too long.');
    default:
      return isErrorCode(code) ? error : refusedFile(statusCode, error);
  }
}

/** A file of a page that is asked for in a way that is none: its sender says so by a status alone. */
function refusedFile(status: number | undefined, error: unknown): unknown {
  if (status === undefined || status < 400 || status > 499) return error;
  if (status === 412) return new ApplicationError('precondition-failed', 'the file is another one than If-Match or If-Unmodified-Since names.');
  if (status === 416) return new GatewayError('range-not-satisfiable', 'The file has no such range of bytes.');
  return status === 403 || status === 404 ? new GatewayError('not-found', 'Nothing is at this address.') : new GatewayError('malformed-request', 'The request can not be read.');
}

/** Answers with problem details where a path exists, but not with this method. */
export function addMethodNotAllowed(app: FastifyInstance, methodsByUrl: ReadonlyMap<string, ReadonlySet<string>>): void {
  for (const [url, methods] of methodsByUrl) {
    const allow = [...methods].sort().join(', ');
    app.route({
      url,
      method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].filter((method) => !methods.has(method)),
      config: { access: 'public', undocumented: true },
      // Before a body is read.
      onRequest: () => Promise.reject(new GatewayError('method-not-allowed', `Here one may use ${allow}.`, { headers: { allow } })),
      handler: () => undefined,
    });
  }
}
