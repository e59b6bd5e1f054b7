/** The timeline of everything or of one environment, newest first and live. */
import type { TimelineEntry } from '../api/answer.ts';
import { answerOf, api } from '../api/client.ts';
import type { Change } from '../live/live-connection.ts';
import { useNewestFirst, type NewestFirst } from '../parts/newest-first.ts';
import type { TimelineKind } from './timeline-kinds.tsx';

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

export const idOfEntry = ({ id }: TimelineEntry): string => id;

export function useTimeline({ environmentId, kind, actor, until }: TimelineFilter): NewestFirst<TimelineEntry> {
  const asked = {
    ...(kind === undefined ? {} : { kind }),
    ...(actor === undefined ? {} : { actor }),
    // Exclusive there, and instants have milliseconds.
    ...(until === undefined ? {} : { to: new Date(Date.parse(until) + 1).toISOString() }),
  };
  return useNewestFirst({
    queryKey: ['timeline-log', { environmentId, kind, actor }, { asOf: until }],
    page: (paged, signal) => {
      const query = { ...asked, ...paged };
      const options = signal === undefined ? {} : { signal };
      return environmentId === undefined
        ? answerOf(api.GET('/api/v1/timeline', { params: { query }, ...options }))
        : answerOf(api.GET('/api/v1/environments/{id}/timeline', { params: { path: { id: environmentId }, query }, ...options }));
    },
    idOf: idOfEntry,
    concerns: (change) => !NOT_TOLD.has(change.kind) && (environmentId === undefined || change.environmentId === null || change.environmentId === environmentId),
    isLive: until === undefined,
  });
}
