/**
 * The end-to-end specs with their record elsewhere: HOMEPORT_TEST_STORE_COMMAND is a command for sh that starts an empty store, prints its
 * connection string (`esdb://…`) somewhere in its output, and runs until SIGTERM. Each installation gets one of its own.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';

const command = process.env['HOMEPORT_TEST_STORE_COMMAND'] ?? '';

/** Whether installations record elsewhere, so that what only the embedded store has can't be seen. */
export const isStoreElsewhere = command !== '';

interface StoreElsewhere {
  readonly connectionString: string;
  readonly process: ChildProcess;
}

const stores = new Map<string, Promise<StoreElsewhere>>();
/** A server may take its time to start. */
const startWithinMs = 60_000;

const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
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
  const child = spawn('sh', ['-c', `exec ${command}`], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  child.once('exit', () => children.delete(child));
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const timer = setTimeout(() => reject(new Error(`HOMEPORT_TEST_STORE_COMMAND named no store within ${startWithinMs} ms: ${printed}`)), startWithinMs);
  let printed = '';
  const read = (chunk: Buffer): void => {
    printed += chunk.toString();
    const [connectionString] = /esdb:\/\/[^\s"]+/.exec(printed) ?? [];
    if (connectionString !== undefined) resolve(connectionString);
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  child.once('exit', (code) => reject(new Error(`HOMEPORT_TEST_STORE_COMMAND ended with ${String(code)}: ${printed}`)));
  const connectionString = await promise.finally(() => clearTimeout(timer));
  for (const output of [child.stdout, child.stderr]) {
    output.off('data', read).resume();
    // The specs may end before it does.
    (output as Readable & { unref(): void }).unref();
  }
  child.unref();
  return { connectionString, process: child };
}
