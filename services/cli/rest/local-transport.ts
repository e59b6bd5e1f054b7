/** HTTP to `admin.sock`: the machine's own operator, without a certificate or a key. */
import { Agent, request } from 'node:http';
import { CliError } from '../cli-error.ts';
import type { Transport } from './transport.ts';

/** A transport over a Unix socket. What needs a connection of its own is not for it. */
export function createLocalTransport(socketPath: string): Transport {
  const agent = new Agent({ keepAlive: true });
  return {
    url: new URL('https://localhost'),
    trust: { kind: 'system' },
    request: (path, options) => request({ ...options, agent, socketPath, path }),
    connect: () => Promise.reject(new CliError('not-local', 'this needs the server\'s port: give --url instead of --data-dir')),
    close: () => {
      agent.destroy();
    },
  };
}
