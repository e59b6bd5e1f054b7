/** Terminals, logs and figures of containers, and the events of their engines, as WebSockets for browsers. What is said over them stands in docs/websockets.md. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createPlaces } from '../../../services/application/places.ts';
import type { FollowedStream } from '../../gateway-metrics.ts';
import { NODE_PATTERN } from '../../node-pattern.ts';
import { GatewayError } from '../../problems/gateway-error.ts';
import { runAttach } from '../../websockets/attach.ts';
import { serveEngine, type ContainerSession, type EngineSession } from '../../websockets/container-session.ts';
import { runEngineEvents } from '../../websockets/engine-events.ts';
import { runExec } from '../../websockets/exec.ts';
import { runLogs } from '../../websockets/logs.ts';
import { runStats } from '../../websockets/stats.ts';
import { windowSize } from '../../websockets/terminal.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { identityOf } from '../route-config.ts';
import { exactly, identifier, idParams, instant } from '../schemas/json-schema.ts';

const params = { type: 'object', required: ['id', 'cid'], properties: { id: identifier, cid: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$', description: 'A container, by its id or name.' } } };
const node = { type: 'string', pattern: NODE_PATTERN, description: 'A Swarm node, by its id or host name; absent is the environment’s own tunnel.' };
const text = { type: 'string', minLength: 1, maxLength: 4_096 };
const characters = { type: 'integer', minimum: 1, maximum: 10_000 };
const windowQuery = { cols: { ...characters, description: 'The window’s width, in characters.' }, rows: { ...characters, description: 'Its height.' } };
const detachKeys = { ...text, description: 'Keys that detach, such as ctrl-p,ctrl-q.' };

const opened = { 101: { type: 'null', description: 'It is a WebSocket from now on: docs/websockets.md.' } };

const execQuery = exactly({
  node,
  command: { type: 'array', items: { type: 'string', maxLength: 4_096 }, maxItems: 1_000, description: 'What to run: once for each word. Without it the first message says it.' },
  tty: { type: 'boolean', default: true },
  user: text,
  workingDir: text,
  detachKeys,
  ...windowQuery,
});
const attachQuery = exactly({
  node,
  stdin: { type: 'boolean', default: true, description: 'Join its standard input too.' },
  logs: { type: 'boolean', default: false, description: 'Begin with what it said before.' },
  detachKeys,
  ...windowQuery,
});
const logsQuery = exactly({
  node,
  follow: { type: 'boolean', default: true },
  tail: { type: 'string', pattern: '^(?:all|\\d{1,7})$', default: '1000', description: 'Begin with so many of the last lines, or all.' },
  since: instant,
  until: instant,
  timestamps: { type: 'boolean', default: false },
  stdout: { type: 'boolean', default: true },
  stderr: { type: 'boolean', default: true },
});

interface ContainerRoute<Query extends object> {
  Params: { id: string; cid: string };
  Querystring: Query & { node?: string };
}

interface EngineRoute {
  Params: { id: string };
  Querystring: { node?: string };
}

interface WindowQuery {
  cols?: number;
  rows?: number;
  detachKeys?: string;
}

interface ExecQuery extends WindowQuery {
  command?: string[];
  tty: boolean;
  user?: string;
  workingDir?: string;
}

interface LogsQuery {
  follow: boolean;
  tail: string;
  since?: string;
  until?: string;
  timestamps: boolean;
  stdout: boolean;
  stderr: boolean;
}

export function registerContainerStreams(app: FastifyInstance, { webSockets, engineCaller, leases, metrics, limits, closing, logger }: RestDependencies): void {
  const places = createPlaces({ inAll: limits.containerSockets, ofOne: limits.containerSocketsOfOne });

  function serveOne(request: FastifyRequest<EngineRoute>, reply: FastifyReply, kind: Exclude<FollowedStream, 'live'>, run: (session: EngineSession) => Promise<void>): FastifyReply {
    const { principal, by } = identityOf(request);
    const { id: environmentId } = request.params;
    const place = places.enter(principal.userId);
    if (place.refused !== undefined) throw new GatewayError('too-many-streams', 'As many WebSockets to containers are open as may be: close some of them.');
    const lease = leases.take(principal, { environmentId, needed: kind === 'exec' || kind === 'attach' ? 'full' : 'read' });
    try {
      const socket = webSockets.open(request.raw, by);
      reply.hijack();
      const closed = metrics.streamOpened(kind);
      socket.once('close', () => {
        closed();
        place.leave();
        lease.release();
      });
      const engine = engineCaller({ principal, address: request.ip, environmentId, node: request.query.node, correlationId: request.correlationId });
      const onUnexpected = (error: unknown): void => logger.debug({ err: error, requestId: request.id }, 'a WebSocket to a container was closed');
      serveEngine(socket, { engine, revoked: lease.signal, limits, onUnexpected }, run);
      return reply;
    } catch (error) {
      place.leave();
      lease.release();
      throw error;
    }
  }

  function serve(request: FastifyRequest<ContainerRoute<object>>, reply: FastifyReply, kind: 'exec' | 'attach' | 'logs' | 'stats', run: (session: ContainerSession) => Promise<void>): FastifyReply {
    const { cid: container } = request.params;
    return serveOne(request, reply, kind, (session) => run({ ...session, container }));
  }

  app.get<EngineRoute>(
    '/environments/:id/engine-events',
    {
      config: { access: 'operator' },
      schema: { summary: 'What happens on an engine (WebSocket)', operationId: 'followEngineEvents', description: 'Text messages of type event, with what the engine says.', params: idParams, querystring: exactly({ node }), response: opened },
    },
    async (request, reply) => serveOne(request, reply, 'engine-events', runEngineEvents),
  );

  app.get<ContainerRoute<ExecQuery>>(
    '/environments/:id/containers/:cid/exec',
    {
      config: { access: 'operator', environmentAccess: 'full' },
      schema: {
        summary: 'Run a command in a container (WebSocket)',
        operationId: 'execInContainer',
        description: 'Binary messages are bytes, both ways; text messages are JSON: start, resize and eof from the client; ready, exit and error from the server.',
        params,
        querystring: execQuery,
        response: opened,
      },
    },
    async (request, reply) => {
      const { command, tty, user, workingDir, detachKeys: keys } = request.query;
      const asked =
        command === undefined
          ? undefined
          : { command, tty, user, workingDir, env: [], privileged: false, detachKeys: keys, size: windowSize(request.query) };
      return serve(request, reply, 'exec', (session) => runExec(session, asked, closing));
    },
  );

  app.get<ContainerRoute<WindowQuery & { stdin: boolean; logs: boolean }>>(
    '/environments/:id/containers/:cid/attach',
    {
      config: { access: 'operator', environmentAccess: 'full' },
      schema: {
        summary: 'Attach to a container’s own process (WebSocket)',
        operationId: 'attachToContainer',
        description: 'As exec; the client may detach, and the container goes on.',
        params,
        querystring: attachQuery,
        response: opened,
      },
    },
    async (request, reply) => {
      const { stdin, logs, detachKeys: keys } = request.query;
      return serve(request, reply, 'attach', (session) => runAttach(session, { stdin, logs, detachKeys: keys, size: windowSize(request.query) }));
    },
  );

  app.get<ContainerRoute<LogsQuery>>(
    '/environments/:id/containers/:cid/logs',
    {
      config: { access: 'operator' },
      schema: {
        summary: 'A container’s logs (WebSocket)',
        operationId: 'followContainerLogs',
        description: 'Of a container without a terminal each binary message begins with a byte: 1 is standard output, 2 standard error.',
        params,
        querystring: logsQuery,
        response: opened,
      },
    },
    async (request, reply) => {
      const { tail, since, until, ...asked } = request.query;
      if (!asked.stdout && !asked.stderr) throw new GatewayError('invalid-request', 'Ask for stdout, stderr, or both.', { faults: [{ parameter: 'stderr', reason: 'must be true where stdout is false' }] });
      return serve(request, reply, 'logs', (session) =>
        runLogs(session, { ...asked, tail: tail === 'all' ? undefined : Number(tail), sinceMs: msOf(since), untilMs: msOf(until) }),
      );
    },
  );

  app.get<ContainerRoute<object>>(
    '/environments/:id/containers/:cid/stats',
    {
      config: { access: 'operator' },
      schema: { summary: 'A container’s figures, about every second (WebSocket)', operationId: 'followContainerStats', description: 'Text messages of type stats, with what the engine says.', params, querystring: exactly({ node }), response: opened },
    },
    async (request, reply) => serve(request, reply, 'stats', runStats),
  );
}

function msOf(at: string | undefined): number | undefined {
  return at === undefined ? undefined : Date.parse(at);
}
