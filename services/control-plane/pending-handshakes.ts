/** Connections that have not yet shown what they are: bounded in number and in time, and one address never at others' cost. */
import type { Socket } from 'node:net';
import { type Clock, systemClock } from '../application/clock.ts';
import { peerGroup } from '../application/peer-address.ts';

/** A newcomer over the bound takes the place of the oldest, but only of one that has had this long; by default. */
const FAIR_SHARE_MS = 2000;

export interface PendingHandshakes {
  /**
   * Counts a connection, by default as its peer's, and starts its deadline: the limits' own, or `deadlineMs`. False, and the
   * socket destroyed, where there is no room.
   */
  admit(socket: Socket, address?: string, deadlineMs?: number): boolean;
  /** Whose it is has turned out: a proxy named its client. */
  isOf(socket: Socket, address: string): void;
  /** It has shown what it is: it counts no more, and its deadline is lifted. */
  done(socket: Socket): void;
  destroyAll(): void;
  readonly size: number;
}

interface Pending {
  peer: string;
  readonly sinceMs: number;
  readonly stopDeadline: () => void;
}

/**
 * Over the bound a connection goes of the address (IPv6: of the /64) that has the most: its oldest, where that has had its fair
 * share of time, else its newest. So nobody keeps other addresses out; idle connections of an attacker keep even its neighbours
 * behind one address out for moments at most; and in a rush of honest ones those that came first are served first.
 */
export function createPendingHandshakes(limits: {
  readonly max: number;
  /** None by default: somebody else sees to it. */
  readonly deadlineMs?: number;
  /** 2 s by default. */
  readonly fairShareMs?: number;
  readonly clock?: Clock;
}): PendingHandshakes {
  const { max, fairShareMs = FAIR_SHARE_MS, clock = systemClock } = limits;
  const pending = new Map<Socket, Pending>();
  /** By peer, oldest first. */
  const byPeer = new Map<string, Set<Socket>>();
  /** The peers that have so many, by how many; so that who has most is known without a search. */
  const bySize: Set<string>[] = [];

  function resize(peer: string, from: number, to: number): void {
    bySize[from]?.delete(peer);
    if (to > 0) (bySize[to] ??= new Set()).add(peer);
    while (bySize.length > 0 && (bySize.at(-1)?.size ?? 0) === 0) bySize.pop();
  }

  function join(socket: Socket, peer: string): void {
    const own = byPeer.get(peer) ?? new Set();
    byPeer.set(peer, own.add(socket));
    resize(peer, own.size - 1, own.size);
  }

  function leave(socket: Socket, peer: string): void {
    const own = byPeer.get(peer);
    if (own?.delete(socket) !== true) return;
    if (own.size === 0) byPeer.delete(peer);
    resize(peer, own.size + 1, own.size);
  }

  function done(socket: Socket): void {
    const entry = pending.get(socket);
    if (entry === undefined) return;
    entry.stopDeadline();
    pending.delete(socket);
    leave(socket, entry.peer);
  }

  function drop(socket: Socket): void {
    done(socket);
    socket.destroy();
  }

  function hadItsShare(socket: Socket | undefined): socket is Socket {
    const entry = socket === undefined ? undefined : pending.get(socket);
    return entry !== undefined && clock.now() - entry.sinceMs >= fairShareMs;
  }

  const countOf = (socket: Socket | undefined): number => byPeer.get((socket && pending.get(socket)?.peer) ?? '')?.size ?? 0;

  /** Who gives up a place now that a newcomer is one too many. */
  function choose(newcomer: Socket): Socket {
    const most = bySize.length - 1;
    const [oldest] = pending.keys();
    if (countOf(oldest) === most && hadItsShare(oldest)) return oldest;
    const isOfMost = countOf(newcomer) === most;
    const [anyOfMost] = bySize[most] ?? [];
    const own = byPeer.get((isOfMost ? pending.get(newcomer)?.peer : anyOfMost) ?? '') ?? new Set();
    const [oldestOfOwn] = own;
    if (hadItsShare(oldestOfOwn)) return oldestOfOwn;
    return (isOfMost ? undefined : [...own].at(-1)) ?? newcomer;
  }

  return {
    admit(socket, address = socket.remoteAddress ?? '', deadlineMs = limits.deadlineMs) {
      const stopDeadline = deadlineMs === undefined ? () => undefined : clock.after(deadlineMs, () => drop(socket));
      const peer = peerGroup(address);
      pending.set(socket, { peer, sinceMs: clock.now(), stopDeadline });
      join(socket, peer);
      socket.once('close', () => done(socket));
      const leaves = pending.size > max ? choose(socket) : undefined;
      if (leaves !== undefined) drop(leaves);
      return leaves !== socket;
    },
    isOf(socket, address) {
      const entry = pending.get(socket);
      if (entry === undefined) return;
      leave(socket, entry.peer);
      entry.peer = peerGroup(address);
      join(socket, entry.peer);
    },
    done,
    destroyAll: () => [...pending.keys()].forEach(drop),
    get size() {
      return pending.size;
    },
  };
}
