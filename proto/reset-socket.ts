/** Breaks a TCP connection off by a reset, so that its peer can't take it for a proper end. */
import type { Socket } from 'node:net';

/**
 * As the socket's own resetAndDestroy(), which must not be called while the socket's end is on its way: it then fails (EINVAL) and leaves the
 * connection behind, never to be closed, and the process turns for ever as it ends. So the end goes first, which takes a moment.
 */
export function resetSocket(socket: Socket): void {
  // eslint-disable-next-line no-restricted-syntax -- for everybody else
  const reset = (): void => void socket.resetAndDestroy();
  const isEnding = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0;
  if (isEnding) socket.once('finish', reset);
  else reset();
}
