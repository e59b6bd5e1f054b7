/** A link that fails in every way a link can, by the dice: it cuts, stalls, delays and truncates; what it delivers is in order and unaltered. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { resetSocket } from '../../../proto/reset-socket.ts';
import type { RelayTarget } from '../relays.ts';
import type { Dice } from './seed.ts';

export interface ChaosRelay {
  /** On 127.0.0.1. */
  readonly port: number;
  /** How often what happened so far, by its name. */
  readonly mishaps: ReadonlyMap<Mishap, number>;
  /** Connections of clients that are there. */
  connections(): number;
  /** From now on nothing fails any more; connections that are there live on, but for those of which an end has not been told. */
  calm(): void;
  close(): Promise<void>;
}

/**
 * `reset`: both ends hear of the break. `one-sided`: the other of them only after a while. `truncate`: some bytes are lost, then both
 * sides end in peace. `stall`: nothing passes for a while, and nothing is lost. `delay`: from now on each byte takes longer. `silence`:
 * nothing passes any more, and both are told after a while.
 */
export type Mishap = 'reset' | 'one-sided' | 'truncate' | 'stall' | 'delay' | 'silence';

const MISHAPS: readonly (readonly [Mishap, weight: number])[] = [
  ['reset', 30],
  ['one-sided', 5],
  ['truncate', 20],
  ['stall', 25],
  ['delay', 18],
  ['silence', 5],
];
const TOTAL = MISHAPS.reduce((sum, [, weight]) => sum + weight, 0);
const LONGEST_STALL_MS = 3000;
const LONGEST_DELAY_MS = 150;
const LONGEST_SILENCE_MS = 8000;
/** How much may wait to be passed on in one direction before its sender is held back. */
const MOST_QUEUED_BYTES = 1024 * 1024;

/** @param everyMs how long a connection lives between two mishaps, in the mean */
export async function startChaosRelay(target: RelayTarget, dice: Dice, everyMs: number): Promise<ChaosRelay> {
  const mishaps = new Map<Mishap, number>();
  const sockets = new Set<Socket>();
  const clients = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();
  const untold = new Set<() => void>();
  let isCalm = false;

  function after(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, ms);
    timers.add(timer);
  }

  function join(client: Socket): void {
    const upstream = connect({ ...target, allowHalfOpen: true });
    clients.add(client);
    client.once('close', () => clients.delete(client));
    const state: LinkState = { delayMs: 0, stalledUntilMs: 0, isSilent: false };
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one);
      one.setNoDelay(true);
      one.on('error', () => undefined);
      one.once('close', () => {
        sockets.delete(one);
        if (one.errored !== null && !state.isSilent) resetSocket(other);
      });
      pass(one, other, state);
    }
    /** That the link is broken; in peace, where an end in peace has been told. */
    const tell = (): void => {
      untold.delete(tell);
      client.destroy();
      upstream.destroy();
    };
    const fail = (): void => {
      if (isCalm || client.destroyed || state.isSilent) return;
      const mishap = chooseMishap(dice);
      mishaps.set(mishap, (mishaps.get(mishap) ?? 0) + 1);
      suffer(mishap, [client, upstream], state, dice);
      if (mishap === 'stall' || mishap === 'delay') return after(2 * dice(everyMs), fail);
      untold.add(tell);
      after(dice(LONGEST_SILENCE_MS), tell);
    };
    after(2 * dice(everyMs), fail);
  }

  const server = createServer({ allowHalfOpen: true }, join);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    mishaps,
    connections: () => clients.size,
    calm() {
      isCalm = true;
      for (const tell of untold) tell();
    },
    async close() {
      isCalm = true;
      for (const timer of timers) clearTimeout(timer);
      for (const socket of sockets) socket.destroy();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

interface LinkState {
  delayMs: number;
  stalledUntilMs: number;
  isSilent: boolean;
}

function chooseMishap(dice: Dice): Mishap {
  let thrown = dice(TOTAL);
  for (const [mishap, weight] of MISHAPS) {
    if (thrown < weight) return mishap;
    thrown -= weight;
  }
  return 'reset';
}

function suffer(mishap: Mishap, [client, upstream]: readonly [Socket, Socket], state: LinkState, dice: Dice): void {
  const one = dice(2) === 0 ? client : upstream;
  switch (mishap) {
    case 'reset':
      resetSocket(client);
      resetSocket(upstream);
      break;
    case 'one-sided':
      state.isSilent = true;
      resetSocket(one);
      break;
    case 'truncate':
      // What is under way is lost; both ends hear an end in peace.
      state.isSilent = true;
      client.end();
      upstream.end();
      break;
    case 'stall':
      state.stalledUntilMs = performance.now() + dice(LONGEST_STALL_MS);
      break;
    case 'delay':
      state.delayMs = dice(LONGEST_DELAY_MS);
      break;
    case 'silence':
      state.isSilent = true;
      break;
  }
}

/** One direction: bytes and the end leave in order, each when it is due. */
function pass(from: Socket, to: Socket, state: LinkState): void {
  const queue: { readonly dueMs: number; readonly chunk: Buffer | undefined }[] = [];
  let queuedBytes = 0;
  let timer: NodeJS.Timeout | undefined;

  function deliver(): void {
    timer = undefined;
    for (let [first] = queue; first !== undefined && dueMs(first.dueMs) <= performance.now(); [first] = queue) {
      queue.shift();
      queuedBytes -= first.chunk?.length ?? 0;
      if (state.isSilent || to.destroyed) continue;
      if (first.chunk === undefined) to.end();
      else if (!to.write(first.chunk)) {
        to.once('drain', deliver);
        return;
      }
    }
    if (queuedBytes < MOST_QUEUED_BYTES / 2) from.resume();
    const [first] = queue;
    if (first !== undefined) timer ??= setTimeout(deliver, Math.max(1, dueMs(first.dueMs) - performance.now()));
  }
  const dueMs = (ms: number): number => Math.max(ms, state.stalledUntilMs);

  function enqueue(chunk: Buffer | undefined): void {
    queue.push({ dueMs: performance.now() + state.delayMs, chunk });
    queuedBytes += chunk?.length ?? 0;
    if (queuedBytes >= MOST_QUEUED_BYTES) from.pause();
    if (timer === undefined && to.listenerCount('drain') === 0) deliver();
  }
  from.on('data', enqueue).on('end', () => enqueue(undefined));
  to.once('close', () => clearTimeout(timer));
}
