/**
 * Lets go of the sockets beneath HTTP/2 sessions that have ended. Node ends a session only once its write under way is done; of one
 * whose connection broke in the midst of a write over TLS it may wait for that for ever (nodejs/node issues 55804 and 58252), and keep
 * the socket, its file descriptor and all that the session knows. Destroying the socket ends the wait.
 */
import type { ClientHttp2Session, Http2Session } from 'node:http2';

/** How often it is looked; a session that was found ended twice has had its time to say goodbye. */
const LOOK_MS = 2500;

/** Time, in milliseconds. */
export interface LookClock {
  /** Calls back again and again. Returns the way out. */
  every(ms: number, callback: () => void): () => void;
}

/** As much of a socket as letting go of it takes. */
export interface ReleasableSocket {
  destroy(): unknown;
  once(event: 'close', listener: () => void): unknown;
}

export interface SessionSockets {
  /** From now on the socket goes when its session does. */
  add(session: Http2Session, socket: ReleasableSocket): void;
  /** Destroys all that are left, and looks no more. */
  destroyAll(): void;
}

/** Creates the watch. */
export function createSessionSockets(clock: LookClock): SessionSockets {
  const sockets = new Map<ReleasableSocket, Http2Session>();
  const ended = new Set<ReleasableSocket>();
  const stop = clock.every(LOOK_MS, look);

  function look(): void {
    for (const [socket, session] of sockets) {
      if (!session.destroyed) continue;
      if (ended.has(socket)) socket.destroy();
      else ended.add(socket);
    }
  }

  return {
    add(session, socket) {
      sockets.set(socket, session);
      socket.once('close', () => {
        sockets.delete(socket);
        ended.delete(socket);
      });
    },
    destroyAll() {
      stop();
      for (const socket of sockets.keys()) socket.destroy();
    },
  };
}

/**
 * The socket beneath a client's session, whoever connected it; to be asked for while the session lives. Node guards it against whoever would
 * end or write to it, but lets it be disposed of.
 */
export function socketBeneath({ socket }: ClientHttp2Session): ReleasableSocket {
  return {
    destroy: () => void socket[Symbol.asyncDispose]().catch(() => undefined),
    once: (event, listener) => socket.once(event, listener),
  };
}
