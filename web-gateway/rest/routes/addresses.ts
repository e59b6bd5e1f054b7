/** Addresses to offer when an environment is created. */
import type { FastifyInstance } from 'fastify';
import { offeredAddress } from '../offered-address.ts';
import type { RestDependencies } from '../rest-dependencies.ts';
import { nullableText } from '../schemas/json-schema.ts';

const addressesSchema = {
  type: 'object',
  properties: {
    offered: { type: 'string', description: 'host:port that an environment gets which is created without one: the public address, or what this request called.' },
    items: {
      type: 'array',
      description: 'Others by which this machine may be reached, as far as it can know. None where it listens on loopback alone.',
      items: {
        type: 'object',
        properties: {
          address: { type: 'string', description: 'host:port' },
          source: { type: 'string', enum: ['host-name', 'interface', 'certificate'] },
          interface: { ...nullableText, description: 'Its name, such as eth0.' },
        },
      },
    },
  },
} as const;

export function registerAddresses(app: FastifyInstance, { publicAddress, machineAddresses = () => [] }: RestDependencies): void {
  app.get(
    '/addresses',
    { config: { access: 'admin' }, schema: { summary: 'Addresses that agents may reach this server by', operationId: 'listAddresses', response: { 200: addressesSchema } } },
    ({ headers }) => Promise.resolve({ offered: offeredAddress(publicAddress, headers.host), items: machineAddresses() }),
  );
}
