/** Bounds the bytes that channels nobody reads hold in this process: over the bound the longest-stalled is reset. */
import type { Logger } from 'pino';
import type { Clock } from '../application/clock.ts';
import { TunnelError } from './port.ts';

/** A channel whose bytes nobody has taken for so long is stalled; one that only waits its turn is not. */
export const STALLED_AFTER_MS = 250;

/** How often the bytes are counted while any channel holds some: at 400 MB/s 40 MB may come in between. */
export const STALL_CHECK_MS = 100;

/** What is counted. */
export interface Stallable {
  readonly heldSinceMs: number | undefined;
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
    const stalledBefore = clock.now() - STALLED_AFTER_MS;
    const stalled: { readonly channel: Stallable; readonly sinceMs: number; readonly bytes: number }[] = [];
    let total = 0;
    let holding = 0;
    for (const channel of channels) {
      const sinceMs = channel.heldSinceMs;
      if (sinceMs === undefined) continue;
      holding += 1;
      if (sinceMs > stalledBefore) continue;
      const bytes = channel.heldBytes;
      total += bytes;
      stalled.push({ channel, sinceMs, bytes });
    }
    if (holding === 0) stop();
    const limit = limitBytes();
    if (total <= limit) return;
    stalled.sort((a, b) => a.sinceMs - b.sinceMs);
    for (const { channel, bytes } of stalled) {
      if (total <= limit) break;
      total -= bytes;
      logger.warn({ heldBytes: bytes, limitBytes: limit }, 'reset the channel that was stalled longest');
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
