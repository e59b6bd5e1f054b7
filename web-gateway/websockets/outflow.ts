/** Writes to a WebSocket no faster than its client takes it. */
import type { WebSocket } from 'ws';

export interface Outflow {
  /** False where enough is on its way: nothing more should come until `onDrain` calls back. */
  write(data: Buffer | string): boolean;
  onDrain(callback: () => void): void;
}

/** @param mostBytes on their way at once; more follow once half of them are taken */
export function createOutflow(socket: WebSocket, mostBytes: number): Outflow {
  let isFull = false;
  let drained: () => void = () => undefined;
  const taken = (): void => {
    if (!isFull || socket.bufferedAmount > mostBytes / 2) return;
    isFull = false;
    drained();
  };
  return {
    write(data) {
      if (socket.readyState !== socket.OPEN) return true;
      socket.send(data, { binary: typeof data !== 'string' }, taken);
      isFull ||= socket.bufferedAmount > mostBytes;
      return !isFull;
    },
    onDrain(callback) {
      drained = callback;
    },
  };
}
