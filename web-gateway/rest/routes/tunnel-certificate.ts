/** The certificate of the tunnel port: which one is in use, its rotation, and the end of former ones. */
import type { FastifyInstance } from 'fastify';
import type { RestDependencies } from '../rest-dependencies.ts';
import { settle } from '../read-your-writes.ts';
import { contextOf } from '../route-config.ts';
import { instant, nullableInstant } from '../schemas/json-schema.ts';

const fingerprint = { type: 'string', description: 'SHA-256 over the SPKI, base64, as it stands in join tokens.' };
const certificateSchema = {
  type: 'object',
  properties: {
    fingerprint,
    since: { ...nullableInstant, description: 'null while it is the one that the installation began with.' },
    formers: {
      type: 'array',
      description: 'Former ones that agents accept still, the latest last.',
      items: { type: 'object', properties: { fingerprint, acceptedUntil: instant } },
    },
  },
};
/** No body asks for the default. */
const rotationSchema = {
  type: ['object', 'null'],
  additionalProperties: false,
  properties: {
    formerAcceptedSeconds: { type: 'integer', description: 'For how long agents accept the former one: 30 days unless given, a year at most. 0, for a key that leaked, ends all former ones at once.' },
  },
  examples: [{ formerAcceptedSeconds: 604_800 }],
};

export function registerTunnelCertificate(app: FastifyInstance, { tunnelCertificate, projections }: RestDependencies): void {
  app.get('/settings/tunnel-certificate', { config: { access: 'auditor' }, schema: { summary: 'Read which tunnel certificate is in use', operationId: 'showTunnelCertificate', response: { 200: certificateSchema } } }, () =>
    Promise.resolve(tunnelCertificate.status()),
  );

  app.post<{ Body: { readonly formerAcceptedSeconds?: number } | null | undefined }>(
    '/settings/tunnel-certificate/rotate',
    {
      config: { access: 'admin' },
      schema: {
        summary: 'Rotate the tunnel certificate',
        description: 'Makes a new key and certificate for the tunnel port. Open tunnels live on; agents are told, also those that come back later, with the join token they have.',
        body: rotationSchema,
        response: { 200: certificateSchema },
      },
    },
    async (request, reply) => {
      const { position } = await tunnelCertificate.rotate(request.body ?? {}, contextOf(request));
      await settle(projections, position, reply);
      return tunnelCertificate.status();
    },
  );

  app.delete(
    '/settings/tunnel-certificate/formers',
    { config: { access: 'admin' }, schema: { summary: 'End the acceptance of all former tunnel certificates', operationId: 'retireFormerTunnelCertificates', response: { 200: certificateSchema } } },
    async (request, reply) => {
      const { position } = await tunnelCertificate.retireFormers(contextOf(request));
      await settle(projections, position, reply);
      return tunnelCertificate.status();
    },
  );
}
