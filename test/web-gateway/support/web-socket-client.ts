/** WebSockets to a gateway under test, by somebody's API key. */
import type { Role } from '../../../services/domain/events.ts';
import { askForSocket, connectSocket, type SocketHabits, type SocketServer, type TestSocket } from '../../support/web-socket.ts';
import { apiKey } from './fake-accounts.ts';

export interface SocketOptions extends SocketHabits {
  /** Whose API key to send; an operator's by default, null for none. */
  readonly as?: Role | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Opens one. Rejects where it is refused. */
export function openSocket(gateway: SocketServer, target: string, options: SocketOptions = {}): Promise<TestSocket> {
  const { autoPong = true } = options;
  return connectSocket(gateway, target, headersOf(options), { autoPong });
}

/** Asks for one that is refused: the answer that came instead. */
export function refusedSocket(gateway: SocketServer, target: string, options: SocketOptions = {}): ReturnType<typeof askForSocket> {
  return askForSocket(gateway, target, headersOf(options));
}

function headersOf({ as = 'operator', headers = {} }: SocketOptions): Readonly<Record<string, string>> {
  return { ...(as === null ? {} : { authorization: `Bearer ${apiKey(as)}` }), ...headers };
}
