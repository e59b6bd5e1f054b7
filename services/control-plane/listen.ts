/** Binds a port, and says what to do where that can't be done. */
import type { Server } from 'node:net';
import { formatHostPort } from '../../proto/host-port.ts';

export type ListenErrorCode = 'port-in-use' | 'port-not-allowed' | 'address-not-available' | 'listen-failed';

/** Thrown where a port can't be listened on. The message says what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
  readonly code: ListenErrorCode;

  constructor(code: ListenErrorCode, message: string, cause: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

export interface ListenPlace {
  /** Such as 0.0.0.0. */
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** The flag that chooses another, such as --https-port. */
  readonly portFlag: string;
}

/** Starts listening; resolves with the real port. Throws {@link ListenError}. */
export async function listen(server: Server, place: ListenPlace): Promise<number> {
  const { host, port } = place;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, place)));
    server.listen({ host, port }, resolve);
  });
  server.removeAllListeners('error');
  // What goes wrong with one connection (too many open files) is no reason to end the process.
  server.on('error', () => undefined);
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : port;
}

function listenError(error: NodeJS.ErrnoException, { host, port, portFlag }: ListenPlace): ListenError {
  const where = formatHostPort({ host, port });
  switch (error.code) {
    case 'EADDRINUSE':
      return new ListenError('port-in-use', `${where} is in use by another program; stop it, or choose another port with ${portFlag}`, error);
    case 'EACCES':
      return new ListenError('port-not-allowed', `${where} may not be used by this user; choose a port above 1023 with ${portFlag}`, error);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ListenError('address-not-available', `${host} is no address of this machine; choose another with --host`, error);
    default:
      return new ListenError('listen-failed', `${where} can't be listened on (${error.message}); choose another port with ${portFlag}, or another address with --host`, error);
  }
}
