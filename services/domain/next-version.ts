/** Versions of what agents are told: they only grow, also where a backup was restored in between. */
import type { Instant } from './events.ts';

/** The version after a change: its instant in milliseconds since 1970, or one more than the last where a clock was set back. */
export function nextVersion(version: number, at: Instant): number {
  return Math.max(version + 1, Date.parse(at));
}
