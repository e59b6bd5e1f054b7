/** The record, or a part of it, as whoever takes it elsewhere needs it: with what proves it. */
import { once } from 'node:events';
import type { FastifyInstance } from 'fastify';
import { createPlaces } from '../../../services/application/places.ts';
import { GatewayError } from '../../problems/gateway-error.ts';
import { securityHeaders } from '../../security/security-headers.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { clientGone, identityOf } from '../route-config.ts';
import { selectionOf, selectionProperties, type SelectionQuerystring } from '../schemas/event-selection.ts';
import { exactly } from '../schemas/json-schema.ts';

const NDJSON = 'application/x-ndjson';

export function registerEventExport(app: FastifyInstance, { eventExports, leases, closing, limits, logger }: RestDependencies): void {
  const places = createPlaces({ inAll: limits.exports, ofOne: limits.exportsOfOne });

  app.get<{ Querystring: SelectionQuerystring }>(
    '/events/export',
    {
      config: { access: 'auditor', environmentAccess: 'every' },
      schema: {
        summary: 'Export the record',
        description: `All recorded events, or those asked for, as ${NDJSON}, with stream metadata and what proves them: docs/operations.md says how its lines are read. Its last line is {"end":…}; without it it is not whole. homeport events verify --file and homeport events import take it.`,
        querystring: exactly(selectionProperties),
      },
    },
    async (request, reply) => {
      const { principal } = identityOf(request);
      const place = places.enter(principal.userId);
      if (place.refused !== undefined) throw new GatewayError('too-many-exports', place.refused === 'own-taken' ? `As many of your exports run as may (${limits.exportsOfOne}). Try again when one has ended.` : `As many exports run as may (${limits.exports}). Try again later.`);
      const lease = leases.take(principal, 'everything');
      const signal = AbortSignal.any([clientGone(reply), closing, lease.signal]);
      let chunks: AsyncIterator<Uint8Array> | undefined;
      try {
        chunks = eventExports.export(selectionOf(request.query), signal)[Symbol.asyncIterator]();
        // What keeps it from being made shows before the header.
        const first = request.method === 'HEAD' ? undefined : await chunks.next();
        reply.hijack();
        reply.raw.writeHead(200, { ...securityHeaders, 'content-type': NDJSON, 'content-disposition': 'attachment; filename="homeport-events.ndjson"', 'homeport-request-id': request.id });
        for (let chunk = first; chunk !== undefined && chunk.done !== true; chunk = await chunks.next()) {
          if (!reply.raw.write(chunk.value)) await once(reply.raw, 'drain', { signal: AbortSignal.any([signal, AbortSignal.timeout(limits.downloadStallMs)]) });
        }
        reply.raw.end();
      } catch (error) {
        if (!reply.sent) throw error;
        // Who leaves, and who takes nothing for long, is no trouble of ours.
        const isClients = signal.aborted || (error instanceof Error && error.name === 'AbortError');
        if (!isClients) logger.error({ err: error, requestId: request.id }, 'an export broke');
        // Without an end the client knows that it is not whole.
        reply.raw.destroy();
      } finally {
        place.leave();
        await chunks?.return?.();
        lease.release();
      }
      return reply;
    },
  );
}
