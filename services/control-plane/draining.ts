/** The first step of a stop: `/readyz` says no, and everything goes on for a while, so that load balancers lead nobody here any more. */
import type { Clock } from '../application/clock.ts';

export interface Draining {
  /** Whether a stop has begun. */
  hasBegun(): boolean;
  /** Begins it; resolves after the delay. */
  begin(): Promise<void>;
}

/** @param delayMs 0 for no delay at all */
export function createDraining({ delayMs, clock }: { readonly delayMs: number; readonly clock: Clock }): Draining {
  let hasBegun = false;
  return {
    hasBegun: () => hasBegun,
    async begin() {
      hasBegun = true;
      if (delayMs <= 0) return;
      // The process is to live on for it, which the clock's timers alone do not ask for.
      const alive = setInterval(() => undefined, delayMs);
      await new Promise<void>((resolve) => void clock.after(delayMs, resolve));
      clearInterval(alive);
    },
  };
}
