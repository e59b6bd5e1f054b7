/** How many agents there are to come back, where all of them lose the control plane now. */
import type { Clock } from './clock.ts';
import { reconnectsPerSecond } from './reconnect-spread.ts';

/** A control plane that stops, or a network that breaks, loses a whole fleet within less. */
const heldMs = 30_000;

export interface FleetSize {
  /** So many agents' poll calls are open now. */
  connected(agents: number): void;
  /** The record says that so many were there before this start. */
  expect(agents: number): void;
  /** Those that are connected, and those of late that are on their way back. */
  agents(): number;
}

/**
 * Creates the count. Whoever has just left belongs to it, else the last ones to hear a stopping control plane would be told to come back in
 * no time at all, and those that are back first after a restart if it is restarted again. After a while as many are taken off it as come back.
 */
export function createFleetSize(clock: Clock): FleetSize {
  let open = 0;
  let most = 0;
  let mostAtMs = clock.now();

  function agents(): number {
    const lateMs = clock.now() - mostAtMs - heldMs;
    return Math.max(open, lateMs <= 0 ? most : Math.floor(most - (lateMs / 1000) * reconnectsPerSecond));
  }

  function atLeast(count: number): void {
    if (count < agents()) return;
    most = count;
    mostAtMs = clock.now();
  }

  return {
    connected(count) {
      // Before it is fewer: those who leave were there until now.
      atLeast(open);
      open = count;
      atLeast(open);
    },
    expect: atLeast,
    agents,
  };
}
