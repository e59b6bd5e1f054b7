/** A Homeport that is only a store (`serve --roles store`), as a process that may be killed and started again. */
import path from 'node:path';
import type { RunningProcess } from './child-process.ts';
import { startHomeportCommand } from './homeport.ts';
import { findFreePort } from './ports.ts';
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

/** Starts it on a free port. Whoever starts it removes it. */
export async function startStoreProcess(): Promise<StoreProcess> {
  const folder = createTemporaryFolder();
  const port = await findFreePort();
  const flags = ['--data-dir', path.join(folder.path, 'store'), '--host', '127.0.0.1', '--roles', 'store', '--audit-port', String(port), '--audit-writable'];
  let running: RunningProcess;
  async function start(): Promise<string> {
    running = startHomeportCommand(['serve', ...flags]);
    const [line] = await running.waitFor(/^\{"ready":true.*\}$/m);
    return (JSON.parse(line) as { readonly store: string }).store;
  }
  const connectionString = await start();
  return {
    connectionString,
    process: () => running,
    async kill() {
      await running.stop('SIGKILL');
    },
    async start() {
      await start();
    },
    async remove() {
      running.signal('SIGCONT');
      await running.stop();
      folder.remove();
    },
  };
}
