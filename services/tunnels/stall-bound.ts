/** Bounds the memory that channels nobody reads hold in this process: over the bound the longest-stalled is reset. */
import type { Logger } from 'pino';
import type { Clock } from '../application/clock.ts';
import { TunnelError } from './port.ts';

/** A channel whose bytes nobody has taken for so long is stalled; one that only waits its turn is not. */
export const STALLED_AFTER_MS = 250;

/** A channel that has never been empty for so long is behind, though some of its bytes are taken. */
export const BEHIND_AFTER_MS = 5_000;

/** How often the bytes are counted while any channel holds some: at 400 MB/s 40 MB may come in between. */
export const STALL_CHECK_MS = 100;

/** The process grows by so much for each byte held: buffers are pieces of larger ones, and freed memory has holes (measured with 100 stalled channels). */
const MEMORY_OF_A_BYTE = 3 / 2;

/** What is counted. */
export interface Stallable {
  /** Since when none of what it holds was taken, in the clock's milliseconds; undefined where it holds nothing. */
  readonly heldSinceMs: number | undefined;
  /** Since when it has held something without a break. */
  readonly behindSinceMs: number | undefined;
  readonly heldBytes: number;
  destroy(error: Error): unknown;
}

export interface StallBound {
  add(channel: Stallable): void;
  remove(channel: Stallable): void;
  /** A channel holds bytes: start to count. */
  watch(): void;
  close(): void;
}

export function createStallBound(deps: {
  readonly clock: Clock;
  readonly limitBytes: () => number;
  readonly logger: Logger;
}): StallBound {
  const { clock, limitBytes, logger } = deps;
  const channels = new Set<Stallable>();
  let stopCounting: (() => void) | undefined;

  function count(): void {
    const holding = [...channels].flatMap((channel) => {
      const { heldSinceMs, behindSinceMs = heldSinceMs } = channel;
      if (heldSinceMs === undefined || behindSinceMs === undefined) return [];
      return [{ channel, heldSinceMs, behindSinceMs, bytes: channel.heldBytes * MEMORY_OF_A_BYTE }];
    });
    if (holding.length === 0) stop();
    const limit = limitBytes();
    let total = holding.reduce((sum, { bytes }) => sum + bytes, 0);
    if (total <= limit) return;
    const now = clock.now();
    const stalled = holding.filter(({ heldSinceMs }) => now - heldSinceMs >= STALLED_AFTER_MS).sort((a, b) => a.heldSinceMs - b.heldSinceMs);
    // Who takes a little now and then is no better for the others than who takes nothing.
    const behind = holding
      .filter(({ heldSinceMs, behindSinceMs }) => now - heldSinceMs < STALLED_AFTER_MS && now - behindSinceMs >= BEHIND_AFTER_MS)
      .sort((a, b) => a.behindSinceMs - b.behindSinceMs);
    for (const { channel, bytes } of [...stalled, ...behind]) {
      if (total <= limit) break;
      total -= bytes;
      logger.warn({ heldBytes: Math.round(bytes), limitBytes: limit }, 'reset the channel that was stalled longest');
      channel.destroy(new TunnelError('channel-stalled', 'Reset because it held received bytes that nobody read, and others needed the room.'));
    }
  }

  function stop(): void {
    stopCounting?.();
    stopCounting = undefined;
  }

  return {
    add: (channel) => void channels.add(channel),
    remove: (channel) => void channels.delete(channel),
    watch() {
      stopCounting ??= clock.every(STALL_CHECK_MS, count);
    },
    close: stop,
  };
}
