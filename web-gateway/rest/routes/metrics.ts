/** What Prometheus scrapes. */
import type { FastifyInstance } from 'fastify';
import type { RestDependencies } from '../rest-dependencies.ts';

export function registerMetrics(app: FastifyInstance, { metrics }: RestDependencies): void {
  app.get('/metrics', { config: { access: 'metrics' }, schema: { summary: 'All metrics, as Prometheus reads them', operationId: 'readMetrics' } }, async (_request, reply) => {
    const { contentType, text } = await metrics.exposition();
    return reply.type(contentType).send(text);
  });
}
