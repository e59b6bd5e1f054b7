/** How a WebSocket ends: a last message that says why, and a close code with the same code as its reason. docs/websockets.md tells clients of it. */
import type { WebSocket } from 'ws';
import { problemOf } from '../problems/problem.ts';
import type { ErrorCode } from '../problems/problem-table.ts';

/** All that was to be said is said. */
export const ENDED = 1000;
const GOING_AWAY = 1001;
const INTERNAL_ERROR = 1011;
/** Added to the status that the error has where it is answered: 4401 is a session that ended. */
const APPLICATION = 4000;

export function closeCodeOf({ code, status }: { readonly code: ErrorCode; readonly status: number }): number {
  return code === 'shutting-down' ? GOING_AWAY : code === 'internal-error' ? INTERNAL_ERROR : APPLICATION + status;
}

/** Says what went wrong, and closes. */
export function closeWithError(socket: WebSocket, error: unknown): void {
  if (socket.readyState !== socket.OPEN) return;
  const problem = problemOf(error);
  socket.send(JSON.stringify({ type: 'error', code: problem.code, message: problem.detail }));
  socket.close(closeCodeOf(problem), problem.code);
}
