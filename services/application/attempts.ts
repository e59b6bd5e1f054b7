/** Counts failed attempts, so that guessing is slow; a good attempt is never counted. */
import type { Clock } from './clock.ts';

export interface Attempts {
  /** Counts a failure; true where there were too many within the window. */
  fail(key: string): boolean;
  /** Takes a failure back: what was counted before it was known turned out well. */
  forgive(key: string): void;
  /** Whether there were too many already. */
  isBarred(key: string): boolean;
  /** Seconds until the window ends. */
  retryAfterSeconds(): number;
  close(): void;
}

/** Keys remembered within a window; past it every further key counts together. */
const keysKept = 50_000;

/** Creates a counter that starts anew each window. */
export function createAttempts(deps: { readonly clock: Clock; readonly limit: number; readonly windowMs: number }): Attempts {
  const { clock, limit, windowMs } = deps;
  const counts = new Map<string, number>();
  let startedAtMs = clock.now();
  const stop = clock.every(windowMs, () => {
    counts.clear();
    startedAtMs = clock.now();
  });

  const keyOf = (key: string) => (counts.has(key) || counts.size < keysKept ? key : '');

  return {
    fail(key) {
      const counted = (counts.get(keyOf(key)) ?? 0) + 1;
      counts.set(keyOf(key), counted);
      return counted > limit;
    },
    forgive(key) {
      const counted = counts.get(keyOf(key)) ?? 0;
      if (counted > 0) counts.set(keyOf(key), counted - 1);
    },
    isBarred: (key) => (counts.get(keyOf(key)) ?? 0) > limit,
    retryAfterSeconds: () => Math.max(1, Math.ceil((startedAtMs + windowMs - clock.now()) / 1000)),
    close: stop,
  };
}
