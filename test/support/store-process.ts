/** A store as a process that may be killed and started again: a Homeport that is only one (`serve --roles store`), or one of another make. */
import path from 'node:path';
import { type RunningProcess, startProcess } from './child-process.ts';
import { startHomeportCommand } from './homeport.ts';
import { findFreePort } from './ports.ts';
import { findConnectionString, startWithinMs, storeVariables } from './store-command.ts';
import { createTemporaryFolder } from './temporary-folder.ts';

export interface StoreProcess {
  /** What `--event-store` of another Homeport takes; the same after each start. */
  readonly connectionString: string;
  readonly process: () => RunningProcess;
  /** kill -9. */
  kill(): Promise<void>;
  start(): Promise<void>;
  remove(): Promise<void>;
}

/** Starts it on a free port; `command` is one as in store-command.ts, or empty for a Homeport. Whoever starts it removes it. */
export async function startStoreProcess(command = ''): Promise<StoreProcess> {
  const folder = createTemporaryFolder();
  const port = await findFreePort();
  let running: RunningProcess;

  async function startHomeport(): Promise<string> {
    running = startHomeportCommand(['serve', '--data-dir', path.join(folder.path, 'store'), '--host', '127.0.0.1', '--roles', 'store', '--audit-port', String(port), '--audit-writable']);
    const [line] = await running.waitFor(/^\{"ready":true.*\}$/m);
    return (JSON.parse(line) as { readonly store: string }).store;
  }

  async function startOther(): Promise<string> {
    running = startProcess('sh', ['-c', `exec ${command}`], { env: storeVariables(folder, port) });
    const [named] = await running.waitFor(/esdb:.*/, startWithinMs);
    return findConnectionString(named) ?? named;
  }

  const startAny = command === '' ? startHomeport : startOther;
  const connectionString = await startAny();
  return {
    connectionString,
    process: () => running,
    async kill() {
      await running.stop('SIGKILL');
    },
    async start() {
      const again = await startAny();
      if (again !== connectionString) throw new Error(`started again, the store is at ${again} instead of ${connectionString}: does the command use STORE_FOLDER and STORE_PORT?`);
    },
    async remove() {
      running.signal('SIGCONT');
      await running.stop();
      folder.remove();
    },
  };
}
