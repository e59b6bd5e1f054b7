/** How soon a connection that breaks off is opened again: later each time, until one of them has lasted. */

/** The attempts of one connection, one after another. */
export interface Attempts {
  /** The one under way has come to work; more than once is once. */
  works(): void;
  /** The one under way is over, or none was: how long to wait before the next. */
  nextPauseMs(): number;
}

export interface AttemptsOptions {
  readonly firstPauseMs?: number;
  readonly longestPauseMs?: number;
  /** A clock that never goes back, in milliseconds. */
  readonly now?: () => number;
}

/**
 * One that works for so long has lasted: then the pauses begin anew. To say that it works is not enough, for an engine that ends all it is
 * asked at once would be asked for ever, as often as the first pause lets it.
 */
export const LASTED_MS = 10_000;

/** Pauses are from half as long to as long as they are named, so that not all pages come at once. */
export function createAttempts({ firstPauseMs = 300, longestPauseMs = 5_000, now = () => performance.now() }: AttemptsOptions = {}): Attempts {
  let failures = 0;
  let worksSince: number | undefined;

  return {
    works() {
      worksSince ??= now();
    },
    nextPauseMs() {
      if (worksSince !== undefined && now() - worksSince >= LASTED_MS) failures = 0;
      worksSince = undefined;
      const pauseMs = Math.min(firstPauseMs * 2 ** failures, longestPauseMs);
      failures += 1;
      return pauseMs * (0.5 + Math.random() / 2);
    },
  };
}
