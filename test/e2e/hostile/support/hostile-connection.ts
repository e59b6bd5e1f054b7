/** A connection whose client means no good: it sends what it likes, takes what comes, and is never surprised at its end. */
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import tls from 'node:tls';

export interface HostileConnection {
  /** Resolves when it has gone out, or the connection has ended. */
  send(bytes: Uint8Array): Promise<void>;
  /** In pieces of so many bytes, one each `everyMs`, until they are out or the connection has ended. */
  trickle(bytes: Uint8Array, pieceBytes: number, everyMs: number): Promise<void>;
  /** Resolves after so long, or when it has ended. */
  linger(ms: number): Promise<void>;
  /** Reads nothing more. */
  deafen(): void;
  /** Ends its side in peace. */
  end(): void;
  destroy(): void;
  readonly isOver: boolean;
}

/** Connects to a port on loopback; resolves also where that fails, with a connection that is over. */
export async function connectRaw(port: number): Promise<HostileConnection> {
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const connection = hostile(socket);
  await Promise.race([once(socket, 'connect').catch(() => undefined), connection.linger(5000)]);
  return connection;
}

/** The same by TLS, with the protocols it offers; none by default. */
export async function connectTls(port: number, protocols?: readonly string[]): Promise<HostileConnection> {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...(protocols === undefined ? {} : { ALPNProtocols: [...protocols] }) });
  const connection = hostile(socket);
  await Promise.race([once(socket, 'secureConnect').catch(() => undefined), connection.linger(5000)]);
  return connection;
}

function hostile(socket: net.Socket): HostileConnection {
  const over = new AbortController();
  socket.on('error', () => undefined);
  socket.once('close', () => over.abort());
  socket.resume();

  async function send(bytes: Uint8Array): Promise<void> {
    if (over.signal.aborted || !socket.writable) return;
    if (!socket.write(bytes)) await once(socket, 'drain', { signal: over.signal }).catch(() => undefined);
  }
  const linger = async (ms: number): Promise<void> => {
    await delay(ms, undefined, { signal: over.signal }).catch(() => undefined);
  };
  return {
    send,
    linger,
    async trickle(bytes, pieceBytes, everyMs) {
      for (let at = 0; at < bytes.length && !over.signal.aborted; at += pieceBytes) {
        await send(bytes.subarray(at, at + pieceBytes));
        await linger(everyMs);
      }
    },
    deafen: () => void socket.pause(),
    end: () => void socket.end(),
    destroy: () => void socket.destroy(),
    get isOver() {
      return over.signal.aborted;
    },
  };
}
