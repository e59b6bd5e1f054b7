/** Connections that have not yet shown what they are: bounded in number and in time. */
import type { Socket } from 'node:net';

/** A newcomer over the bound takes the place of the oldest, but only of one that has had this long. */
const FAIR_SHARE_MS = 2000;

export interface PendingHandshakes {
  /** Counts a connection and starts its deadline. False, and the socket destroyed, where there is no room. */
  admit(socket: Socket): boolean;
  /** It has shown what it is: it counts no more, and its deadline is lifted. */
  done(socket: Socket): void;
  destroyAll(): void;
  readonly size: number;
}

/**
 * Over the bound the oldest goes: idle connections of an attacker then never keep others out for long, and in a rush of honest ones
 * those that came first are served first.
 */
export function createPendingHandshakes(limits: {
  readonly max: number;
  readonly deadlineMs: number;
  /** Milliseconds that only go forward. */
  readonly nowMs?: () => number;
}): PendingHandshakes {
  const nowMs = limits.nowMs ?? (() => performance.now());
  const pending = new Map<Socket, { readonly sinceMs: number; readonly timer: NodeJS.Timeout }>();

  const done = (socket: Socket): void => {
    clearTimeout(pending.get(socket)?.timer);
    pending.delete(socket);
  };
  const drop = (socket: Socket): void => {
    done(socket);
    socket.destroy();
  };

  return {
    admit(socket) {
      const oldest = pending.entries().next().value;
      if (pending.size >= limits.max && oldest !== undefined) {
        const [oldestSocket, { sinceMs }] = oldest;
        const leaves = nowMs() - sinceMs >= FAIR_SHARE_MS ? oldestSocket : socket;
        drop(leaves);
        if (leaves === socket) return false;
      }
      const timer = setTimeout(() => drop(socket), limits.deadlineMs);
      pending.set(socket, { sinceMs: nowMs(), timer });
      socket.once('close', () => done(socket));
      return true;
    },
    done,
    destroyAll: () => [...pending.keys()].forEach(drop),
    get size() {
      return pending.size;
    },
  };
}
