/** Polls between the regular ones: at once, unless trouble keeps asking for them. */
import { createBackoff } from './backoff.ts';
import type { BackoffBounds } from './backoff.ts';

const CALM_MS = 60_000;

export interface EarlyPolls {
  /** A poll is wanted now. After trouble the first is made at once, the next ones ever later until it has been calm for a minute. */
  ask(isTrouble: boolean): void;
  stop(): void;
}

/** Creates the damper. */
export function createEarlyPolls(pollNow: () => void, bounds: BackoffBounds = { firstMs: 1000, capMs: 30_000 }): EarlyPolls {
  const backoff = createBackoff(bounds);
  let calmAtMs = 0;
  let timer: NodeJS.Timeout | undefined;

  return {
    ask(isTrouble) {
      if (!isTrouble) {
        pollNow();
        return;
      }
      const isCalm = performance.now() >= calmAtMs;
      calmAtMs = performance.now() + CALM_MS;
      if (isCalm) {
        backoff.reset();
        pollNow();
        return;
      }
      timer ??= setTimeout(() => {
        timer = undefined;
        pollNow();
      }, backoff.next());
    },
    stop: () => clearTimeout(timer),
  };
}
