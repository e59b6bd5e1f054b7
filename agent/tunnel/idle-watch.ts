/** Notices when a tunnel has not been used for long, once for each such while. */
import type { TunnelClock } from './clock.ts';

export interface IdleWatch {
  /** Bytes went by, or a dial came. */
  used(): void;
  /** Counts from now on again: the control plane wants the tunnel to stay. */
  restart(): void;
  stop(): void;
}

/**
 * Calls back when nothing has been used for `inactivityMs`, and not again before `restart`. `used` only notes the time, since
 * it is called for every message; the timer looks at it when it is due.
 */
export function createIdleWatch(clock: TunnelClock, inactivityMs: number, onIdle: (idleMs: number) => void): IdleWatch {
  let lastUsedMs = clock.now();
  let stopTimer = clock.after(inactivityMs, look);

  function look(): void {
    const idleMs = clock.now() - lastUsedMs;
    if (idleMs >= inactivityMs) onIdle(idleMs);
    else stopTimer = clock.after(inactivityMs - idleMs, look);
  }

  return {
    used() {
      lastUsedMs = clock.now();
    },
    restart() {
      stopTimer();
      lastUsedMs = clock.now();
      stopTimer = clock.after(inactivityMs, look);
    },
    stop: () => stopTimer(),
  };
}
