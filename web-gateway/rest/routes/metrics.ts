/** What Prometheus scrapes. */
import type { FastifyInstance } from 'fastify';
import type { RestDependencies } from '../rest-dependencies.ts';

export function registerMetrics(app: FastifyInstance, { metrics }: RestDependencies): void {
  // They count all environments, whatever somebody's grants reach.
  app.get('/metrics', { config: { access: 'metrics', environmentAccess: 'every' }, schema: { summary: 'All metrics, as Prometheus reads them', operationId: 'readMetrics' } }, async (_request, reply) => {
    const { contentType, text } = await metrics.exposition();
    return reply.type(contentType).send(text);
  });
}
