/** Counts failed attempts, so that guessing is slow; a good attempt is never counted. */
import type { Clock } from './clock.ts';

export interface Attempts {
  /** Counts a failure; true where there were too many already: then it is not counted, so whoever waits is heard again. */
  fail(key: string): boolean;
  /** Takes the last failure back: what was counted before it was known turned out well. */
  forgive(key: string): void;
  /** Whole seconds until the next failure would be counted, at least 1. */
  retryAfterSeconds(key: string): number;
  close(): void;
}

/** Keys remembered; past it every further key counts together. */
const keysKept = 50_000;

/** Creates a counter that lets `limit` failures of a key pass in any `windowMs`, wherever these begin. It keeps so many instants of a key. */
export function createAttempts(deps: { readonly clock: Clock; readonly limit: number; readonly windowMs: number }): Attempts {
  const { clock, limit, windowMs } = deps;
  /** When each counted failure was, oldest first; the key that failed last stands last. */
  const failures = new Map<string, number[]>();
  const stop = clock.every(windowMs, forgetOld);

  const keyOf = (key: string) => (failures.has(key) || failures.size < keysKept ? key : '');

  /** Those that count still; what a clock that was set back shows in the future does not. */
  function counted(key: string): number[] {
    const now = clock.now();
    return (failures.get(key) ?? []).filter((atMs) => atMs <= now && atMs > now - windowMs);
  }

  function forgetOld(): void {
    for (const key of failures.keys()) {
      if (counted(key).length > 0) return;
      failures.delete(key);
    }
  }

  return {
    fail(key) {
      if (failures.size >= keysKept) forgetOld();
      const kept = keyOf(key);
      const times = counted(kept);
      if (times.length >= limit) return true;
      times.push(clock.now());
      failures.delete(kept);
      failures.set(kept, times);
      return false;
    },
    forgive(key) {
      failures.get(keyOf(key))?.pop();
    },
    retryAfterSeconds(key) {
      const [oldest] = counted(keyOf(key));
      return oldest === undefined ? 1 : Math.max(1, Math.ceil((oldest + windowMs - clock.now()) / 1000));
    },
    close: stop,
  };
}
