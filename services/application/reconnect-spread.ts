/** How fast the agents of a fleet come back when all of them lost the control plane at once. */

/** New agents a second that the control plane is glad to take: each costs it some milliseconds. */
export const reconnectsPerSecond = 225;

/** The time over which so many agents spread their return, in milliseconds. */
export function reconnectSpreadMs(agents: number): number {
  return Math.ceil((agents / reconnectsPerSecond) * 1000);
}
