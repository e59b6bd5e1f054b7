/** Finds out about a WebSocket's peer that is gone without a word, and keeps proxies between from taking the connection for dead. */
import type { WebSocket } from 'ws';

/** Pings as often; a socket that shows no sign of life between two pings is cut off: no answer, no message, and nothing taken of what is on its way. */
export function watchPings(socket: WebSocket, pingMs: number): void {
  let isAlive = true;
  let waiting = 0;
  const live = (): void => {
    isAlive = true;
  };
  socket.on('pong', live);
  socket.on('message', live);
  const timer = setInterval(() => {
    const taken = socket.bufferedAmount < waiting;
    waiting = socket.bufferedAmount;
    // Of a socket that is not read, no answer is read either.
    if (!isAlive && !taken && !socket.isPaused) return socket.terminate();
    isAlive = socket.isPaused;
    socket.ping();
  }, pingMs);
  timer.unref();
  socket.once('close', () => clearInterval(timer));
}
