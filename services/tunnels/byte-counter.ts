/** How many bytes a connection has brought. */
import type { Duplex } from 'node:stream';

/** Counts from now on. A socket knows what it read; of other streams the pieces are counted. */
export function createByteCounter(socket: Duplex): () => number {
  if ('bytesRead' in socket && typeof socket.bytesRead === 'number') {
    const counting = socket as { readonly bytesRead: number };
    const before = counting.bytesRead;
    return () => counting.bytesRead - before;
  }
  let bytes = 0;
  socket.on('data', (chunk: Uint8Array) => (bytes += chunk.length));
  return () => bytes;
}
