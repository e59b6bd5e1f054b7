/** How both ends of a poll connection find out that it is dead. */

/** When a silent connection is pinged, and how long the answer may take. Together below 90 s: cheap enough for a fleet, soon enough for a heartbeat. */
export interface PollKeepAlive {
  readonly afterMs: number;
  readonly timeoutMs: number;
}

/** Of poll connections, at both ends: a fleet's pings beside its polls would cost it, so they are seldom. */
export const POLL_KEEP_ALIVE: PollKeepAlive = { afterMs: 60_000, timeoutMs: 20_000 };
