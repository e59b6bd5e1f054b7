/** What operations staff and load balancers ask, and the certificate to trust; for everyone. */
import type { FastifyInstance } from 'fastify';
import { GatewayError } from '../../problems/gateway-error.ts';
import type { RestDependencies } from '../rest-dependencies.ts';

const healthSchema = { type: 'object', properties: { status: { type: 'string' }, version: { type: 'string' } } };
const readinessSchema = { type: 'object', properties: { status: { type: 'string' }, checks: { type: 'object', additionalProperties: { type: 'string' } } } };

export function registerHealth(app: FastifyInstance, { readiness, caCertificatePem, version }: RestDependencies): void {
  for (const url of ['/healthz', '/livez']) {
    app.get(url, { config: { access: 'public' }, schema: { summary: 'Whether the process lives', operationId: url === '/healthz' ? 'health' : 'liveness', response: { 200: healthSchema } } }, () =>
      Promise.resolve({ status: 'ok', version }),
    );
  }

  app.get('/readyz', { config: { access: 'public' }, schema: { summary: 'Whether the process can do its work', operationId: 'readiness', response: { 200: readinessSchema } } }, async () => {
    const { ready, checks } = await readiness();
    if (ready) return { status: 'ready', checks };
    const failing = Object.entries(checks).filter(([, state]) => state !== 'ok');
    throw new GatewayError('not-ready', failing.length === 0 ? 'Not ready yet.' : `${failing.map(([part, state]) => `${part}: ${state}`).join('; ')}.`);
  });

  app.get('/ca.pem', { config: { access: 'public' }, schema: { summary: 'The certificate to trust, where the server made its own', operationId: 'caCertificate' } }, async (_request, reply) => {
    const pem = caCertificatePem?.();
    if (pem === undefined) throw new GatewayError('ca-certificate-not-found', 'This server’s certificate was given to it; trust who issued that.');
    return reply.type('application/x-pem-file').header('content-disposition', 'attachment; filename="homeport-ca.pem"').send(pem);
  });
}
