/** The recorded events: a page as JSON, or all that match as a stream of JSON lines, which may go on with what comes. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createPlaces } from '../../../services/application/places.ts';
import type { EventQuery, HistoryEvent } from '../../../services/application/ports/history.ts';
import { CORRELATION_HEADER } from '../../correlation.ts';
import { GatewayError } from '../../problems/gateway-error.ts';
import { securityHeaders } from '../../security/security-headers.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { clientGone, identityOf } from '../route-config.ts';
import { selectionOf, selectionProperties, type SelectionQuerystring } from '../schemas/event-selection.ts';
import { exactly, instant, pageOf, pageQuery } from '../schemas/json-schema.ts';

const NDJSON = 'application/x-ndjson';

const eventSchema = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    stream: { type: 'string' },
    revision: { type: 'integer' },
    position: { type: 'string', description: 'Opaque; good for after.' },
    type: { type: 'string' },
    time: { ...instant, description: 'When it was decided.' },
    recordedAt: { ...instant, description: 'When it was appended.' },
    data: {},
    metadata: {},
  },
};
const querySchema = exactly({
  ...selectionProperties,
  after: { type: 'string', minLength: 1, maxLength: 128, description: 'A position, exclusive.' },
  order: { type: 'string', enum: ['asc', 'desc'], default: 'asc' },
  follow: { type: 'boolean', default: false, description: 'As a stream of JSON lines that goes on with every new event.' },
  ...pageQuery,
});

interface EventsQuerystring extends SelectionQuerystring {
  after?: string;
  order: 'asc' | 'desc';
  follow: boolean;
  limit: number;
  cursor?: string;
}

export function registerEvents(app: FastifyInstance, { history, environmentAccess, leases, limits, closing, logger }: RestDependencies): void {
  const places = createPlaces({ inAll: limits.eventStreams, ofOne: limits.eventStreamsOfOne });

  app.get<{ Querystring: EventsQuerystring }>(
    '/events',
    {
      config: { access: 'auditor' },
      schema: {
        summary: 'Recorded events', operationId: 'listEvents',
        description: `Oldest first. With Accept: ${NDJSON} all that match are streamed, one JSON object a line; with follow=true the stream goes on live. total is null: events are not counted.`,
        querystring: querySchema,
        response: { 200: pageOf(eventSchema, { type: 'null' }) },
      },
    },
    async (request, reply) => {
      const isVisible = environmentAccess.visibilityFor(identityOf(request).principal);
      const query = { ...historyQuery(request.query), ...(isVisible === undefined ? {} : { isVisible }) };
      if (!request.query.follow && !(request.headers.accept ?? '').includes(NDJSON)) {
        const { events, next } = await history.list({ ...query, limit: request.query.limit }, clientGone(reply));
        return { items: events, nextCursor: next, total: null };
      }
      return stream(request, reply, query);
    },
  );

  async function stream(request: FastifyRequest<{ Querystring: EventsQuerystring }>, reply: FastifyReply, query: Omit<EventQuery, 'limit'>): Promise<FastifyReply> {
    const { follow, order } = request.query;
    if (follow && order === 'desc') throw new GatewayError('invalid-request', 'What is followed is oldest first.', { faults: [{ parameter: 'order', reason: 'must be asc with follow' }] });
    const { principal } = identityOf(request);
    const place = places.enter(principal.userId);
    if (place.refused !== undefined) throw new GatewayError('too-many-streams', 'As many streams of events are open as may be: close some of them.');
    const lease = leases.take(principal);
    const signal = AbortSignal.any([clientGone(reply), closing, lease.signal]);
    let pages: Pages | undefined;
    try {
      pages = history.stream(query, { follow, signal })[Symbol.asyncIterator]();
      // What is wrong with the query shows before the first page; who follows waits for the header, not for an event.
      const first = follow ? undefined : await pages.next();
      reply.hijack();
      reply.raw.writeHead(200, { ...securityHeaders, 'content-type': NDJSON, 'homeport-request-id': request.id, [CORRELATION_HEADER]: request.correlationId });
      reply.raw.flushHeaders();
      if (request.method !== 'HEAD') await writePages(reply.raw, first, pages, signal);
      if (lease.signal.aborted) reply.raw.destroy();
      else reply.raw.end();
    } catch (error) {
      if (!reply.sent) throw error;
      if (!signal.aborted) logger.error({ err: error, requestId: request.id }, 'a stream of events broke');
      // Without an end the client knows that it is not whole.
      reply.raw.destroy();
    } finally {
      place.leave();
      lease.release();
      await pages?.return?.();
    }
    return reply;
  }
}

type Pages = AsyncIterator<readonly HistoryEvent[]>;

/** A line for each event, at the client's pace. */
async function writePages(response: ServerResponse, first: Awaited<ReturnType<Pages['next']>> | undefined, pages: Pages, signal: AbortSignal): Promise<void> {
  for (let page = first ?? (await pages.next()); page.done !== true; page = await pages.next()) {
    const lines = page.value.map((event) => `${JSON.stringify(event)}\n`).join('');
    if (!response.write(lines)) await once(response, 'drain', { signal });
  }
}

function historyQuery({ after, cursor, order, ...selection }: EventsQuerystring): Omit<EventQuery, 'limit'> {
  if (after !== undefined && cursor !== undefined) {
    throw new GatewayError('invalid-request', 'after and cursor mean the same: send one.', { faults: [{ parameter: 'cursor', reason: 'must not be sent with after' }] });
  }
  const position = after ?? cursor;
  return { ...selectionOf(selection), ...(position === undefined ? {} : { after: position }), order };
}
