/** The agent as a download. For everyone: there is no secret in it, and a machine that is to join has no account. */
import type { FastifyInstance } from 'fastify';
import { createDownloads } from '../downloads.ts';
import { answerWithFile } from '../file-answer.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { contentOf, exactly } from '../schemas/json-schema.ts';

const platformQuery = exactly({
  platform: { type: 'string', pattern: '^[A-Za-z0-9_]+/[A-Za-z0-9_]+(/[A-Za-z0-9_]+)?$', maxLength: 60, description: 'Such as linux/amd64, or as uname says it; else the control plane’s own.' },
});

/** Whole, or the range that was asked for. */
const file = (mediaType: string): object => ({ 200: contentOf(mediaType, 'The file.'), 206: contentOf(mediaType, 'The range that was asked for.') });

export function registerAgent(app: FastifyInstance, { agentDelivery, limits }: RestDependencies): void {
  const downloads = createDownloads(limits);
  const method = ['GET', 'HEAD'];
  const config = { access: 'public' } as const;

  app.route<{ Querystring: { platform?: string } }>({
    method,
    url: '/agent/image.tar.gz',
    config,
    schema: { summary: 'The agent as an image archive for docker load', operationId: 'downloadAgentImage', querystring: platformQuery, response: file('application/gzip') },
    handler: async (request, reply) => {
      const image = await agentDelivery.image(request.query.platform);
      return answerWithFile(request, reply, downloads.bounded(image, request.ip), 'homeport-agent-image.tar.gz');
    },
  });

  app.route({
    method,
    url: '/agent/agent.mjs',
    config,
    schema: { summary: 'The agent in one file, for Node 20 and later', operationId: 'downloadAgent', response: file('text/javascript') },
    handler: async (request, reply) => answerWithFile(request, reply, await agentDelivery.script(), 'agent.mjs'),
  });

  app.route({
    method,
    url: '/agent/install.sh',
    config,
    schema: { summary: 'The script that installs the agent under systemd', operationId: 'downloadInstallScript', response: file('text/x-shellscript') },
    handler: async (request, reply) => answerWithFile(request, reply, await agentDelivery.installer(), 'install.sh'),
  });
}
