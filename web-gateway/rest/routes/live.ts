/** What the read models commit, as it is committed: server-sent events for scripts, and the same over a WebSocket for browsers. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { allKinds, type ChangeKind } from '../../../projections/changes/change.ts';
import { createPlaces } from '../../../services/application/places.ts';
import { createEventStreamTransport } from '../../live/event-stream-transport.ts';
import { createLiveFilter, MOST_ENVIRONMENTS, type LiveFilter } from '../../live/live-filter.ts';
import { readFilterMessage } from '../../live/filter-message.ts';
import { createWebSocketTransport } from '../../live/web-socket-transport.ts';
import { GatewayError } from '../../problems/gateway-error.ts';
import { securityHeaders } from '../../security/security-headers.ts';
import { closeWithError } from '../../websockets/close-codes.ts';
import { createInbox } from '../../websockets/inbox.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { clientGone, identityOf } from '../route-config.ts';
import { exactly, identifier } from '../schemas/json-schema.ts';

const querySchema = exactly({
  environment: { type: 'array', items: identifier, maxItems: MOST_ENVIRONMENTS, description: 'Only what concerns this environment; may be repeated.' },
  kind: { type: 'array', items: { type: 'string', enum: allKinds }, description: 'Only changes of this kind; may be repeated. All but poll by default; poll needs environment.' },
  after: { type: 'string', minLength: 1, maxLength: 128, description: 'The position that was told last, to go on after it; as Last-Event-ID.' },
});

interface LiveRoute {
  Querystring: { environment?: string[]; kind?: ChangeKind[]; after?: string };
}

export function registerLive(app: FastifyInstance, { live, webSockets, leases, metrics, limits, closing }: RestDependencies): void {
  const places = createPlaces({ inAll: limits.liveClients, ofOne: limits.liveClientsOfOne });
  const tooMany = (): GatewayError => new GatewayError('too-many-streams', 'As many live clients are here as may be. Try again in a moment.');

  app.get<LiveRoute>(
    '/live',
    {
      config: { access: 'auditor' },
      schema: {
        summary: 'What changes, as it changes',
        operationId: 'followLive',
        description: `Server-sent events: ready first, then change (kind, ids and the types of the events, the position as the event’s id), at most four a second; reset asks for everything to be read again. The same as JSON messages over a WebSocket. Kinds: ${allKinds.join(', ')}.`,
        querystring: querySchema,
        response: {
          101: { type: 'null', description: 'It is a WebSocket from now on: docs/websockets.md.' },
          200: { description: 'Server-sent events.', content: { 'text/event-stream': { schema: { type: 'string' } } } },
        },
      },
    },
    async (request, reply) => {
      const filter = createLiveFilter({ environmentIds: request.query.environment, kinds: request.query.kind });
      const after = request.query.after ?? lastEventId(request);
      return webSockets.isAsked(request.raw) ? serveWebSocket(request, reply, filter, after) : serveEventStream(request, reply, filter, after);
    },
  );

  function serveEventStream(request: FastifyRequest<LiveRoute>, reply: FastifyReply, filter: LiveFilter, after: string | undefined): FastifyReply {
    const { principal } = identityOf(request);
    const { raw: res } = reply;
    const head = { ...securityHeaders, 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no', 'homeport-request-id': request.id };
    if (request.method === 'HEAD') return reply.headers(head).send();
    const ended = new AbortController();
    const place = places.enter(principal.userId, () => ended.abort(tooMany()));
    if (place.refused !== undefined) throw tooMany();
    const lease = leases.take(principal);
    reply.hijack();
    res.writeHead(200, head);
    const closed = metrics.streamOpened('live');
    const transport = createEventStreamTransport(res);
    const client = live.join({ principal, filter, transport, after });
    const signal = AbortSignal.any([clientGone(reply), closing, lease.signal, ended.signal]);
    const over = (): void => {
      closed();
      client.leave();
      place.leave();
      lease.release();
      transport.end(signal.reason);
    };
    if (signal.aborted) over();
    else signal.addEventListener('abort', over, { once: true });
    return reply;
  }

  function serveWebSocket(request: FastifyRequest<LiveRoute>, reply: FastifyReply, filter: LiveFilter, after: string | undefined): FastifyReply {
    const { principal, by } = identityOf(request);
    const ended = new AbortController();
    const place = places.enter(principal.userId, () => ended.abort(tooMany()));
    if (place.refused !== undefined) throw tooMany();
    const lease = leases.take(principal);
    let socket: WebSocket;
    try {
      socket = webSockets.open(request.raw, by);
    } catch (error) {
      place.leave();
      lease.release();
      throw error;
    }
    reply.hijack();
    const closed = metrics.streamOpened('live');
    const transport = createWebSocketTransport(socket, limits);
    const client = live.join({ principal, filter, transport, after });
    createInbox(socket, (error) => closeWithError(socket, error)).listen((said) => {
      try {
        client.refilter(readFilterMessage(said));
      } catch (error) {
        closeWithError(socket, error);
      }
    });
    const stop = AbortSignal.any([lease.signal, ended.signal, closing]);
    const over = (): void => closeWithError(socket, closing.aborted ? new GatewayError('shutting-down', 'The server is shutting down.') : stop.reason);
    socket.once('close', () => {
      stop.removeEventListener('abort', over);
      closed();
      client.leave();
      place.leave();
      lease.release();
    });
    if (stop.aborted) over();
    else stop.addEventListener('abort', over, { once: true });
    return reply;
  }
}

/** As browsers and their kin send it when they come back; what is too long to be a position is none. */
function lastEventId({ headers }: FastifyRequest): string | undefined {
  const id = headers['last-event-id'];
  return typeof id === 'string' && id !== '' ? id.slice(0, 128) : undefined;
}
