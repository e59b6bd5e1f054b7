/**
 * The end-to-end specs with their record elsewhere: in a store that HOMEPORT_TEST_STORE_COMMAND starts (store-command.ts). Each installation gets
 * one of its own.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { findFreePort } from './ports.ts';
import { findConnectionString, startWithinMs, storeCommand, storeVariables } from './store-command.ts';
import { createTemporaryFolder, type TemporaryFolder } from './temporary-folder.ts';

/** Whether installations record elsewhere, so that what only the embedded store has can't be seen. */
export const isStoreElsewhere = storeCommand !== '';

interface StoreElsewhere {
  readonly connectionString: string;
  readonly process: ChildProcess;
  readonly folder: TemporaryFolder;
}

const stores = new Map<string, Promise<StoreElsewhere>>();

const running = new Set<Pick<StoreElsewhere, 'process' | 'folder'>>();
process.once('exit', () => {
  for (const { process: child, folder } of running) {
    child.kill('SIGKILL');
    folder.remove();
  }
});

/** The variables that make the installation in `dataDir` record there; the same each time. None where the specs run as usual. */
export async function storeElsewhere(dataDir: string): Promise<Readonly<Record<string, string>>> {
  if (!isStoreElsewhere) return {};
  const store = stores.get(dataDir) ?? start();
  stores.set(dataDir, store);
  return { HOMEPORT_EVENT_STORE: (await store).connectionString };
}

/** Ends the store of an installation that is gone. Those that nobody ends go with the specs' process. */
export async function removeStoreElsewhere(dataDir: string): Promise<void> {
  const store = await stores.get(dataDir);
  stores.delete(dataDir);
  store?.process.kill();
}

async function start(): Promise<StoreElsewhere> {
  const folder = createTemporaryFolder();
  const env = { ...process.env, ...storeVariables(folder, await findFreePort()) };
  const child = spawn('sh', ['-c', `exec ${storeCommand}`], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const store = { process: child, folder };
  running.add(store);
  child.once('exit', () => {
    running.delete(store);
    folder.remove();
  });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const timer = setTimeout(() => reject(new Error(`HOMEPORT_TEST_STORE_COMMAND named no store within ${startWithinMs} ms: ${printed}`)), startWithinMs);
  let printed = '';
  const read = (chunk: Buffer): void => {
    printed += chunk.toString();
    const connectionString = findConnectionString(printed);
    if (connectionString !== undefined) resolve(connectionString);
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  child.once('exit', (code) => reject(new Error(`HOMEPORT_TEST_STORE_COMMAND ended with ${String(code)}: ${printed}`)));
  const connectionString = await promise.finally(() => clearTimeout(timer)).catch((error: unknown) => {
    // It would keep the specs from ending.
    child.kill('SIGKILL');
    throw error;
  });
  for (const output of [child.stdout, child.stderr]) {
    output.off('data', read).resume();
    // The specs may end before it does.
    (output as Readable & { unref(): void }).unref();
  }
  child.unref();
  return { connectionString, ...store };
}
