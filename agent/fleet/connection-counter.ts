/** Counts what this process's connections carry, and how many it tries. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/** Attempts are counted in bins of so many milliseconds of the clock, which several processes share. */
export const ATTEMPT_BIN_MS = 100;

export interface ConnectionCounter {
  /** Bytes of TLS records, both ways, since the start: what TCP carries, without its headers. */
  bytes(): number;
  /** Attempts since the last time they were taken, as [bin, count]. */
  takeAttempts(): [bin: number, count: number][];
  stop(): void;
}

/** Counts every TCP connection that is tried in this process from now on. */
export function countConnections(nowMs: () => number = Date.now): ConnectionCounter {
  const live = new Set<Socket>();
  let closedBytes = 0;
  let attempts = new Map<number, number>();

  // Node publishes each socket before it connects, whichever library made it.
  const opened = (message: unknown): void => {
    const { socket } = message as { readonly socket: Socket };
    const bin = Math.floor(nowMs() / ATTEMPT_BIN_MS);
    attempts.set(bin, (attempts.get(bin) ?? 0) + 1);
    live.add(socket);
    socket.once('close', () => {
      live.delete(socket);
      closedBytes += bytesOf(socket);
    });
  };
  subscribe('net.client.socket', opened);

  return {
    bytes: () => [...live].reduce((sum, socket) => sum + bytesOf(socket), closedBytes),
    takeAttempts() {
      const taken = [...attempts];
      attempts = new Map();
      return taken;
    },
    stop: () => void unsubscribe('net.client.socket', opened),
  };
}

function bytesOf(socket: Socket): number {
  return socket.bytesRead + socket.bytesWritten;
}
