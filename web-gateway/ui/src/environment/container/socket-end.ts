/** What the end of a WebSocket to an engine means: docs/websockets.md. */
import { withVisibleControls } from '../../api/visible-controls.ts';

/** What a socket ended with. */
export interface SocketEnd {
  /** Of the close: 1000 is that all is said. */
  readonly code: number;
  readonly reason: string;
  /** The server's words, where it said any. */
  readonly message: string | undefined;
}

/** Whether trying again may help: the connection broke, the server or the tunnel went away. */
export function mayComeBack({ code }: SocketEnd): boolean {
  return code === 1001 || code === 1006 || code === 4502 || code === 4503 || code === 4504 || code === 4429;
}

/** A sentence. */
export function endInWords({ code, reason, message }: SocketEnd): string {
  if (message !== undefined) return withVisibleControls(message);
  if (code === 1006) return 'The connection broke.';
  return reason === '' ? `It ended (${code}).` : `It ended: ${reason}.`;
}
