/** What `--roles store` answers over HTTP/1.1 at the audit port: whether it lives and can record, for everyone; its metrics, for its one account. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { defaultGatewayLimits } from '../../web-gateway/gateway-limits.ts';
import { createHttpServer, type ProxyHandler } from '../../web-gateway/http/http-server.ts';
import { GatewayError } from '../../web-gateway/problems/gateway-error.ts';
import { problemDetails, problemOf } from '../../web-gateway/problems/problem.ts';
import { securityHeaders } from '../../web-gateway/security/security-headers.ts';
import { ApplicationError } from '../application/ports/application-error.ts';
import { basicCredentials } from '../audit/basic-credentials.ts';
import type { Authenticate } from '../audit/caller.ts';
import type { EventStore } from '../event-store/port.ts';

export interface StoreHttp {
  /** Takes a connection that speaks HTTP/1.1, for one request. `address` is the peer's. */
  accept(socket: Duplex, peer: { readonly address: string }): void;
}

export interface StoreHttpDeps {
  readonly authenticate: Authenticate;
  readonly store: Pick<EventStore, 'unavailability'>;
  /** All metrics, in Prometheus' text format. */
  readonly exposition: () => Promise<{ readonly contentType: string; readonly text: string }>;
  readonly version: string;
  readonly onFailure: (error: unknown) => void;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Nothing is proxied, and no connection becomes anything else. */
const nobody: ProxyHandler = { matches: () => false, mayUpgrade: () => false, handle: ({ req }) => void req.socket.destroy(), handleUpgrade: ({ socket }) => void socket.destroy() };

/** Creates it. Paths and answers are those of the HTTPS port. */
export function createStoreHttp({ authenticate, store, exposition, version, onFailure }: StoreHttpDeps): StoreHttp {
  const healthy = (): Answer => json(200, { status: 'ok', version });
  const routes = new Map<string, (req: IncomingMessage) => Answer | Promise<Answer>>([
    ['/healthz', healthy],
    ['/livez', healthy],
    // That nothing can be recorded is no reason to send readers elsewhere: there is nowhere else.
    ['/readyz', () => json(200, { status: 'ready', checks: { eventStore: store.unavailability()?.code ?? 'ok' } })],
    ['/metrics', metrics],
  ]);

  async function metrics({ headers, socket }: IncomingMessage): Promise<Answer> {
    const admission = authenticate(basicCredentials(headers.authorization), socket.remoteAddress ?? '');
    if ('refused' in admission) throw refusals[admission.refused]();
    const { contentType, text } = await exposition();
    return { status: 200, headers: { 'content-type': contentType }, body: text };
  }

  async function answer(req: IncomingMessage): Promise<Answer> {
    const [path = ''] = (req.url ?? '').split('?');
    const route = routes.get(path);
    if (route === undefined) throw new GatewayError('not-found', `There is no ${path} here: this is a store. It has /metrics, /healthz and /readyz, and all else by the protocol of EventStoreDB.`);
    if (req.method !== 'GET' && req.method !== 'HEAD') throw new GatewayError('method-not-allowed', `${path} is asked for by GET.`, { headers: { allow: 'GET, HEAD' } });
    return route(req);
  }

  async function respond(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { status, headers, body } = await answer(req).catch(refusal);
    // A connection is for one request: what was let in once need not be looked after.
    res.writeHead(status, { ...securityHeaders, ...headers, 'content-length': String(Buffer.byteLength(body)), connection: 'close' }).end(body);
  }

  function refusal(error: unknown): Answer {
    const problem = problemOf(error);
    if (problem.code === 'internal-error') onFailure(error);
    const challenge = problem.status === 401 ? { 'www-authenticate': 'Basic realm="homeport", charset="UTF-8"' } : {};
    return json(problem.status, problemDetails(problem), { ...problem.headers, ...challenge, 'content-type': 'application/problem+json' });
  }

  return createHttpServer({ proxy: nobody, upgrades: nobody, rest: (req, res) => void respond(req, res), limits: defaultGatewayLimits });
}

const refusals: Readonly<Record<'unauthenticated' | 'forbidden' | 'too-many-attempts', () => Error>> = {
  unauthenticated: () => new GatewayError('unauthenticated', 'The metrics of a store are for its one account, by Basic authentication, and its name or password is not right.'),
  'too-many-attempts': () => new ApplicationError('too-many-attempts', 'Too many failed attempts from this address. Mend the name or the password, and try again.'),
  forbidden: () => new GatewayError('forbidden', 'This account may not read the metrics.'),
};

function json(status: number, body: object, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { 'content-type': 'application/json; charset=utf-8', ...headers }, body: JSON.stringify(body) };
}
