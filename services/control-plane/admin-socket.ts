/** `admin.sock` in the data directory: the REST API for whoever may open that file, with an admin's rights and no password. */
import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import type { Principal } from '../application/ports/accounts.ts';
import { StartError } from './start-error.ts';

export interface AdminSocket {
  /** Listens no more, at once. */
  close(): void;
}

/** Who acts through it: the machine's own operator. */
export const localOperator: Principal = { userId: 'local', username: 'local', role: 'admin', reach: 'everything', actor: 'user:local', session: null, apiKeyId: null };

/** What Linux takes for a Unix socket, less its ending zero byte. */
const longestPathBytes = 107;

/** Where it stands. */
export function adminSocketPath(dataDir: string): string {
  return join(dataDir, 'admin.sock');
}

/**
 * Listens on it, for its owner alone. The data directory's lock must be held: a socket that a killed process left is removed.
 * Throws {@link StartError} data-directory-path-too-long, and the system's errors.
 */
export async function createAdminSocket(deps: {
  readonly dataDir: string;
  readonly accept: (socket: Socket, peer: { readonly address: string; readonly principal: Principal }) => void;
}): Promise<AdminSocket> {
  const path = adminSocketPath(deps.dataDir);
  if (Buffer.byteLength(path) > longestPathBytes) {
    throw new StartError('data-directory-path-too-long', `the path of the data directory ${deps.dataDir} is too long for admin.sock in it; choose a shorter one by --data-dir`);
  }
  rmSync(path, { force: true });
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    deps.accept(socket, { address: '127.0.0.1', principal: localOperator });
  });
  const before = process.umask(0o177);
  try {
    server.listen(path);
    await once(server, 'listening');
  } finally {
    process.umask(before);
  }
  chmodSync(path, 0o600);
  return {
    // Connections were handed over: whoever has them ends them.
    close() {
      server.close();
    },
  };
}
