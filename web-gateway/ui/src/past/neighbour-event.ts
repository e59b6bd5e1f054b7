/** The next event before or after an instant: of the environment whose page it is, else of all. */
import { askTimeline } from '../timeline/ask-timeline.ts';

/** Of the instant. */
export type Side = 'previous' | 'next';

/**
 * When it was recorded, in milliseconds since 1970; undefined where there is none. What was recorded in one millisecond is one step.
 * Throws ApiError.
 */
export async function neighbourEvent(side: Side, atMs: number, environmentId: string | undefined): Promise<number | undefined> {
  const query = side === 'previous' ? ({ to: instant(atMs), order: 'desc', limit: 1 } as const) : ({ from: instant(atMs + 1), order: 'asc', limit: 1 } as const);
  const { items } = await askTimeline(environmentId, query);
  const found = items[0];
  return found === undefined ? undefined : Date.parse(found.recordedAt);
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
