/** A data directory named on the command line: whether it is one, and whether a server runs on it. */
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { CliError } from './cli-error.ts';

/** Where a running server answers the machine's own operator. */
export function adminSocketOf(dataDir: string): string {
  return join(resolve(dataDir), 'admin.sock');
}

/** Throws CliError `no-data-directory` where nothing of Homeport's is there. */
export function checkDataDirectory(dataDir: string): void {
  if (['events.db', 'event-store-kind'].some((file) => existsSync(join(dataDir, file)))) return;
  throw new CliError('no-data-directory', `${dataDir} holds no Homeport data: name the folder that serve was given as --data-dir`);
}

/** Whether a server runs on it and answers. */
export function isServing(dataDir: string): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect(adminSocketOf(dataDir));
    socket.once('connect', () => {
      socket.destroy();
      settle(true);
    });
    socket.once('error', () => {
      settle(false);
    });
  });
}
