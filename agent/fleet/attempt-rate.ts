/** The highest rate of connection attempts over any five seconds. */
import { ATTEMPT_BIN_MS } from './connection-counter.ts';

const WINDOW_MS = 5000;
const WINDOW_BINS = WINDOW_MS / ATTEMPT_BIN_MS;

/** The attempts of all processes, in bins of time. */
export interface AttemptRate {
  /** Adds what one process counted. */
  add(attempts: readonly (readonly [bin: number, count: number])[]): void;
  /** Attempts a second in the fullest five seconds of those that ended since the last time it was taken. */
  takeHighest(nowMs: number): number;
}

/** Creates the count; nothing was attempted yet. */
export function createAttemptRate(): AttemptRate {
  const bins = new Map<number, number>();
  let takenBin: number | undefined;

  function inWindow(lastBin: number): number {
    let sum = 0;
    for (let bin = lastBin - WINDOW_BINS + 1; bin <= lastBin; bin++) sum += bins.get(bin) ?? 0;
    return sum;
  }

  return {
    add(attempts) {
      for (const [bin, count] of attempts) bins.set(bin, (bins.get(bin) ?? 0) + count);
    },
    takeHighest(nowMs) {
      const lastBin = Math.floor(nowMs / ATTEMPT_BIN_MS);
      let highest = 0;
      for (let bin = takenBin ?? Math.min(lastBin, ...bins.keys()); bin <= lastBin; bin++) highest = Math.max(highest, inWindow(bin));
      takenBin = lastBin;
      for (const bin of bins.keys()) if (bin <= lastBin - WINDOW_BINS) bins.delete(bin);
      return highest / (WINDOW_MS / 1000);
    },
  };
}
