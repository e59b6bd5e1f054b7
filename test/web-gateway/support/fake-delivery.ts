/** Downloads of the agent that are small and there at once: how a file is answered does not depend on what is in it. */
import { Readable } from 'node:stream';
import { AgentDeliveryError } from '../../../services/agent-delivery/port.ts';
import type { AgentDelivery, DeliveredFile } from '../../../services/agent-delivery/port.ts';

/** The bytes of every file. */
export const DELIVERED = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251));

export function createFakeDelivery(): AgentDelivery {
  const file = (contentType: string): DeliveredFile => ({
    sizeBytes: DELIVERED.length,
    etag: '"e1"',
    contentType,
    read: (range) => Readable.from([range === undefined ? DELIVERED : DELIVERED.subarray(range.from, range.to + 1)]),
  });
  return {
    async image(platform) {
      if (platform !== undefined && platform !== 'linux/amd64') throw new AgentDeliveryError('agent-platform-not-served', `there is no image for ${platform}`);
      return file('application/gzip');
    },
    script: async () => file('text/javascript; charset=utf-8'),
    installer: async () => file('text/x-shellscript; charset=utf-8'),
    doctorCommands: { standalone: 'docker exec', swarm: 'swarm exec', podman: 'podman exec', compose: 'compose exec', systemd: 'run' },
    commands: ({ edgeId }) => ({ standalone: `docker ${edgeId}`, swarm: 'swarm', podman: 'podman', compose: 'compose', systemd: 'systemd' }),
  };
}
