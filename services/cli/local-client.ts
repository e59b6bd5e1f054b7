/** A REST client for a data directory: through its running server, or by opening the store itself where none runs. */
import type { ControlPlaneOptions } from '../control-plane/options.ts';
import { adminSocketOf, checkDataDirectory, isServing } from './data-directory.ts';
import { createLocalTransport } from './rest/local-transport.ts';
import { createRestClient } from './rest/rest-client.ts';
import type { RestClient } from './rest/rest-client.ts';

/** What `serve` was told of where things are beside the data directory; needed where no server runs. */
export type Elsewhere = Pick<ControlPlaneOptions, 'eventStore' | 'keyFile' | 'checkpointKeyFile'>;

/** Lends a client and closes it, and what was opened for it. Throws CliError `no-data-directory`, StartError, and as `use` does. */
export async function withLocalClient<Result>(dataDir: string, use: (client: RestClient) => Promise<Result>, elsewhere: Elsewhere = {}): Promise<Result> {
  checkDataDirectory(dataDir);
  const stop = (await isServing(dataDir)) ? undefined : await openStore(dataDir, elsewhere);
  try {
    return await withServersClient(dataDir, use);
  } finally {
    await stop?.();
  }
}

/** Lends a client of the server that runs on a data directory, with the rights of the machine's own operator, and closes it. Throws as `use` does. */
export async function withServersClient<Result>(dataDir: string, use: (client: RestClient) => Promise<Result>): Promise<Result> {
  const client = createRestClient(createLocalTransport(adminSocketOf(dataDir)), undefined);
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

async function openStore(dataDir: string, elsewhere: Elsewhere): Promise<() => Promise<void>> {
  // Client commands start faster without all of it.
  const [{ startControlPlane }, { pino }] = await Promise.all([import('../control-plane/serve.ts'), import('pino')]);
  const options = { ...elsewhere, dataDir, host: '127.0.0.1', httpsPort: 0, tunnelPort: 0, isLocal: true };
  const controlPlane = await startControlPlane(options, { logger: pino({ level: 'error' }, pino.destination({ fd: 2, sync: true })) });
  return () => controlPlane.stop();
}
