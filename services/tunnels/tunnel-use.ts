/** When each tunnel was last used, and what holds it: known by key, so that a hold outlives a tunnel that is opened again. */
import type { Clock } from '../application/clock.ts';

export interface TunnelUse {
  touch(name: string): void;
  /** In use until released. */
  hold(name: string): { release(): void };
  of(name: string): { readonly lastUsedAtMs: number; readonly inUse: boolean };
}

export function createTunnelUse(clock: Clock): TunnelUse {
  const lastUsed = new Map<string, number>();
  const holds = new Map<string, number>();

  function touch(name: string): void {
    lastUsed.set(name, clock.now());
  }

  return {
    touch,
    hold(name) {
      let isHeld = true;
      touch(name);
      holds.set(name, (holds.get(name) ?? 0) + 1);
      return {
        release() {
          if (!isHeld) return;
          isHeld = false;
          touch(name);
          const left = (holds.get(name) ?? 1) - 1;
          if (left === 0) holds.delete(name);
          else holds.set(name, left);
        },
      };
    },
    of: (name) => ({ lastUsedAtMs: lastUsed.get(name) ?? 0, inUse: holds.has(name) }),
  };
}
