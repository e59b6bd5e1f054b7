/** The description of the REST interface, for generated clients; the page that shows it is beside it, at /api/docs. */
import type { FastifyInstance } from 'fastify';

export function registerDescription(app: FastifyInstance): void {
  let text: string | undefined;
  app.get('/openapi.json', { config: { access: 'public' }, schema: { summary: 'Describe interface', operationId: 'describeInterface', description: 'This document: OpenAPI 3.1.', response: { 200: { type: 'object', additionalProperties: true } } } }, async (_request, reply) => {
    text ??= JSON.stringify(app.swagger());
    return reply.type('application/json').serializer(String).send(text);
  });
}
