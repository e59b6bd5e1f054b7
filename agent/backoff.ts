/** How long to wait before trying again, so that a fleet neither hammers nor marches in step. */

/** Bounds in milliseconds. */
export interface BackoffBounds {
  readonly firstMs: number;
  readonly capMs: number;
}

export interface Backoff {
  /**
   * The next wait: random, from half of `firstMs` to a bound that doubles from `firstMs` to `capMs`, or to `widestMs` where
   * that is more.
   */
  next(widestMs?: number): number;
  /** It worked: the next wait is a short one again. */
  reset(): void;
}

/** Creates a backoff. `random` is 0 to 1. */
export function createBackoff({ firstMs, capMs }: BackoffBounds, random: () => number = Math.random): Backoff {
  const leastMs = firstMs / 2;
  let boundMs = firstMs;
  return {
    next(widestMs = 0) {
      const waitMs = leastMs + random() * (boundMs - leastMs);
      boundMs = Math.min(boundMs * 2, Math.max(capMs, widestMs));
      return waitMs;
    },
    reset() {
      boundMs = firstMs;
    },
  };
}
