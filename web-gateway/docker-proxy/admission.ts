/** Decides on one proxied request before anything happens for it: who asks, for which engine, and what it would do there. */
import type { IncomingMessage } from 'node:http';
import type { Principal, RequestOrigin } from '../../services/application/ports/accounts.ts';
import type { EnvironmentAccessLevel } from '../../services/domain/grants.ts';
import { GatewayError } from '../problems/gateway-error.ts';
import { requireRole } from '../security/access.ts';
import type { Authentication } from '../security/authentication.ts';
import type { DockerOperation } from '../../services/domain/docker-operation.ts';
import { classify, type DockerRoute } from './docker-route.ts';
import { NODE_PATTERN } from '../node-pattern.ts';
import { dockerOperations } from './docker-operation.ts';
import { parseDockerTarget } from './docker-target.ts';
import { isReadingRoute } from './reading-route.ts';
import { recordedPath } from './recorded-path.ts';
import { bodyFraming, type BodyFraming } from './request-headers.ts';

/** A request that may be forwarded. */
export interface AdmittedCall {
  readonly principal: Principal;
  readonly environmentId: string;
  /** How far an operator's grant for the environment must go. */
  readonly needed: EnvironmentAccessLevel;
  /** The Swarm node asked for, by id or host name; null is the environment's own tunnel. */
  readonly node: string | null;
  readonly method: string;
  /** What is sent as request-target: the canonical path, with the query as it came. */
  readonly target: string;
  /** What is recorded of it. */
  readonly recordedPath: string;
  readonly route: DockerRoute;
  /** What kinds of operation it is; any of them may be denied. */
  readonly operations: readonly DockerOperation[];
  readonly framing: BodyFraming;
}

const NODE = new RegExp(NODE_PATTERN);
const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']);

/** All but whether the environment is in reach. Throws {@link GatewayError}. */
export function admit(req: IncomingMessage, authentication: Authentication, origin: RequestOrigin): AdmittedCall {
  const identity = authentication.identify(req, origin);
  const principal = requireRole(identity?.principal, 'operator');
  // On every method: what an engine answers must not be had by a page that merely points a browser here.
  if (identity?.by === 'session') authentication.refuseForgery(req.headers);
  const method = req.method ?? 'GET';
  if (!METHODS.has(method)) {
    throw new GatewayError('method-not-allowed', `${method} is not forwarded to engines.`, { headers: { allow: [...METHODS].join(', ') } });
  }
  const { environmentId, path, query } = parseDockerTarget(req.url ?? '');
  return {
    principal,
    environmentId,
    needed: isReadingRoute(method, path) ? 'read' : 'full',
    node: askedNode(req),
    method,
    target: query === '' ? path : `${path}?${query}`,
    recordedPath: recordedPath(path, query),
    route: classify(method, path, query),
    operations: dockerOperations(method, path),
    framing: bodyFraming(req),
  };
}

function askedNode(req: IncomingMessage): string | null {
  const node = req.headers['x-homeport-node'];
  if (node === undefined) return null;
  if (typeof node !== 'string' || !NODE.test(node)) throw new GatewayError('invalid-node', 'X-Homeport-Node takes one Swarm node, by its id or its host name.');
  return node;
}
