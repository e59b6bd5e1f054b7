/** A token bucket: how fast something may go. */
import type { Clock } from './clock.ts';

export interface Pace {
  /** Whether one more may pass now. */
  take(): boolean;
}

/** Creates a full bucket of `burst` that fills by `perSecond`. */
export function createPace(clock: Clock, { burst, perSecond }: { readonly burst: number; readonly perSecond: number }): Pace {
  let tokens = burst;
  let atMs = clock.now();
  return {
    take() {
      const nowMs = clock.now();
      tokens = Math.min(burst, tokens + ((nowMs - atMs) / 1000) * perSecond);
      atMs = nowMs;
      if (tokens < 1) return false;
      tokens--;
      return true;
    },
  };
}
