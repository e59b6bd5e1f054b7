/** The read models: building them anew while they go on answering, with progress as a stream of JSON lines. */
import type { FastifyInstance } from 'fastify';
import type { RebuildProgress } from '../../../projections/port.ts';
import { CORRELATION_HEADER } from '../../correlation.ts';
import { problemDetails, problemInFull } from '../../problems/problem.ts';
import { securityHeaders } from '../../security/security-headers.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { sometimes } from '../schemas/json-schema.ts';
import { clientGone } from '../route-config.ts';

const NDJSON = 'application/x-ndjson';

/** How often progress is told, in milliseconds. */
const tellMs = 200;

const lineSchema = {
  type: 'object',
  description: 'A line of the stream: progress, and at the end either rebuilt or the problem.',
  properties: {
    events: { type: 'integer', description: 'Applied so far.' },
    share: { type: ['number', 'null'], description: 'Of the log as it was at the beginning, from 0 to 1; null where that can not be told.' },
    rebuilt: sometimes({ type: 'boolean' }),
    problem: sometimes({ type: 'object' }),
  },
};

export function registerProjections(app: FastifyInstance, { projections, closing, logger }: RestDependencies): void {
  app.post(
    '/projections/rebuild',
    {
      config: { access: 'admin' },
      schema: {
        summary: 'Build the read models anew',
        operationId: 'rebuildReadModels',
        description: `They answer meanwhile. Progress is streamed as ${NDJSON}; whoever breaks the connection cancels, unless others asked too.`,
        response: { 200: { description: 'A line for each step, and the last one.', content: { [NDJSON]: { schema: lineSchema } } } },
      },
    },
    async (request, reply) => {
      const signal = AbortSignal.any([clientGone(reply), closing]);
      reply.hijack();
      reply.raw.writeHead(200, { ...securityHeaders, 'content-type': NDJSON, 'homeport-request-id': request.id, [CORRELATION_HEADER]: request.correlationId });
      const write = (line: object): void => void reply.raw.write(`${JSON.stringify(line)}\n`);
      let last: RebuildProgress = { events: 0, share: 0 };
      let toldAtMs = Number.NEGATIVE_INFINITY;
      write(last);
      try {
        await projections.rebuild((progress) => {
          last = progress;
          if (performance.now() - toldAtMs < tellMs) return;
          toldAtMs = performance.now();
          write(progress);
        }, signal);
        write({ ...last, share: 1, rebuilt: true });
        logger.info({ events: last.events }, 'the read models were rebuilt');
        reply.raw.end();
      } catch (error) {
        if (signal.aborted) return void reply.raw.destroy();
        logger.error({ err: error, requestId: request.id }, 'the read models could not be rebuilt');
        write({ problem: problemDetails(problemInFull(error), request.id) });
        reply.raw.end();
      }
    },
  );
}
