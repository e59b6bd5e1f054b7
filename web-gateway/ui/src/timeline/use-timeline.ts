/** The timeline of everything or of one environment, newest first and live. */
import type { TimelineEntry } from '../api/answer.ts';
import type { Change } from '../live/live-connection.ts';
import { useNewestFirst, type NewestFirst } from '../parts/newest-first.ts';
import { askTimeline } from './ask-timeline.ts';
import type { TimelineKind } from './timeline-kinds.tsx';

/** What is absent narrows nothing. */
export interface TimelineFilter {
  readonly environmentId?: string | undefined;
  readonly kind?: TimelineKind | undefined;
  /** Exactly as entries have it. */
  readonly actor?: string | undefined;
  /** RFC 3339: what was recorded up to then, inclusive. */
  readonly until?: string | undefined;
}

/** What other changes bring is no part of a timeline. */
const NOT_TOLD = new Set<Change['kind']>(['poll', 'activity', 'checkpoint']);

/** Entries never change: their id is all that tells them apart. */
export const idOfEntry = ({ id }: TimelineEntry): string => id;

/** Live, or where `until` is said what had happened by then. */
export function useTimeline({ environmentId, kind, actor, until }: TimelineFilter): NewestFirst<TimelineEntry> {
  const asked = {
    ...(kind === undefined ? {} : { kind }),
    ...(actor === undefined ? {} : { actor }),
    // Exclusive there, and instants have milliseconds.
    ...(until === undefined ? {} : { to: new Date(Date.parse(until) + 1).toISOString() }),
  };
  return useNewestFirst({
    queryKey: ['timeline-log', { environmentId, kind, actor }, { asOf: until }],
    page: (paged, signal) => askTimeline(environmentId, { ...asked, ...paged }, signal),
    idOf: idOfEntry,
    concerns: (change) => !NOT_TOLD.has(change.kind) && (environmentId === undefined || change.environmentId === null || change.environmentId === environmentId),
    isLive: until === undefined,
  });
}
