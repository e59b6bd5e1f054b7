/** A REST client for a data directory: through its running server, or by opening the store itself where none runs. */
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { pino } from 'pino';
import { CliError } from './cli-error.ts';
import { createLocalTransport } from './rest/local-transport.ts';
import { createRestClient } from './rest/rest-client.ts';
import type { RestClient } from './rest/rest-client.ts';

/** Lends a client and closes it, and what was opened for it. Throws CliError `no-data-directory` and as `use` does. */
export async function withLocalClient<Result>(dataDir: string, use: (client: RestClient) => Promise<Result>): Promise<Result> {
  if (!existsSync(join(dataDir, 'events.db'))) {
    throw new CliError('no-data-directory', `${dataDir} holds no Homeport data: name the folder that serve was given as --data-dir`);
  }
  const socketPath = join(resolve(dataDir), 'admin.sock');
  const stop = (await isListening(socketPath)) ? undefined : await openStore(dataDir);
  const client = createRestClient(createLocalTransport(socketPath), undefined);
  try {
    return await use(client);
  } finally {
    client.close();
    await stop?.();
  }
}

async function openStore(dataDir: string): Promise<() => Promise<void>> {
  // Client commands start faster without all of it.
  const { startControlPlane } = await import('../control-plane/serve.ts');
  const options = { dataDir, host: '127.0.0.1', httpsPort: 0, tunnelPort: 0, isLocal: true };
  const controlPlane = await startControlPlane(options, { logger: pino({ level: 'error' }, pino.destination({ fd: 2, sync: true })) });
  return () => controlPlane.stop();
}

function isListening(socketPath: string): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect(socketPath);
    socket.once('connect', () => {
      socket.destroy();
      settle(true);
    });
    socket.once('error', () => {
      settle(false);
    });
  });
}
