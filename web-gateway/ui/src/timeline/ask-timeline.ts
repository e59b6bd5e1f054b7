/** Asks for a timeline: of one environment, or of everything. */
import type { TimelineEntry } from '../api/answer.ts';
import { answerOf, api } from '../api/client.ts';
import type { paths } from '../api/generated/openapi.d.ts';
import type { LogPage } from '../parts/newest-first.ts';

type Query = NonNullable<paths['/api/v1/timeline']['get']['parameters']['query']>;

/** @param environmentId undefined is everything. Throws ApiError. */
export function askTimeline(environmentId: string | undefined, query: Query, signal?: AbortSignal): Promise<LogPage<TimelineEntry>> {
  const options = signal === undefined ? {} : { signal };
  return environmentId === undefined
    ? answerOf(api.GET('/api/v1/timeline', { params: { query }, ...options }))
    : answerOf(api.GET('/api/v1/environments/{id}/timeline', { params: { path: { id: environmentId }, query }, ...options }));
}
