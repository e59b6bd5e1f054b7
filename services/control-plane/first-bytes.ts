/** Connections that have said nothing yet: many, cheap, and the first to go where they are too many. */
import type { Socket } from 'node:net';
import type { Clock } from '../application/clock.ts';
import { whenClientKnown } from './client-address.ts';
import { createPendingHandshakes } from './pending-handshakes.ts';
import type { IsTrustedProxy } from './trusted-proxies.ts';

/** Such connections of one port at once. */
export const SILENT_CONNECTIONS = 4096;
/** Clients speak first, and with the last packet of TCP's own handshake: who is silent for longer gives its place to a newcomer. */
const SILENT_SHARE_MS = 250;

/** Bounds the connections that have said nothing yet. */
export interface FirstBytes {
  /**
   * Waits for the first bytes, at most for the deadline, and calls back with them and the client's address, which a trusted
   * proxy may name; they can then be read again.
   */
  await(socket: Socket, spoken: (first: Buffer, address: string) => void): void;
  /** Destroys those that wait. */
  destroyAll(): void;
}

/** Counts those of one port. `deadlineMs` counts from the start of the connection. */
export function createFirstBytes(options: { readonly deadlineMs: number; readonly maxSilent: number; readonly isTrustedProxy: IsTrustedProxy; readonly clock?: Clock }): FirstBytes {
  const { deadlineMs, maxSilent, isTrustedProxy, clock } = options;
  const silent = createPendingHandshakes({ max: maxSilent, deadlineMs, fairShareMs: SILENT_SHARE_MS, ...(clock === undefined ? {} : { clock }) });
  return {
    await(socket, spoken) {
      socket.on('error', () => socket.destroy());
      if (!silent.admit(socket)) return;
      whenClientKnown(socket, isTrustedProxy, (address) => {
        silent.isOf(socket, address);
        socket.once('readable', () => {
          const first: unknown = socket.read();
          if (!Buffer.isBuffer(first)) return void socket.destroy();
          socket.unshift(first);
          silent.done(socket);
          spoken(first, address);
        });
      });
    },
    destroyAll: () => silent.destroyAll(),
  };
}
