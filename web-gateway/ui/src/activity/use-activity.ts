/** Calls through tunnels, newest first and live. */
import type { Call } from '../api/answer.ts';
import { answerOf, api } from '../api/client.ts';
import { useNewestFirst, type LogPage, type NewestFirst } from '../parts/newest-first.ts';
import { isResult } from './activity-call.ts';
import { CHANGES, type ActivitySearch } from './activity-search.ts';

/** A call keeps it when it ends. */
export const idOfCall = ({ id }: Call): string => id;

/** A call is told of again when it becomes a stream, and when it ends. */
const versionOfCall = ({ id, endedAt, stream }: Call): string => `${id} ${endedAt ?? ''} ${stream?.kind ?? ''} ${stream?.endReason ?? ''}`;

/** What the server is asked: the filters, and nothing later than the time machine's instant. */
export function activityQuery({ environment, actor, method, path, result, from, to }: ActivitySearch, instant: string | undefined): Readonly<Record<string, string>> {
  // Exclusive there, and instants have milliseconds.
  const ends = [...(to === undefined ? [] : [Date.parse(to)]), ...(instant === undefined ? [] : [Date.parse(instant) + 1])];
  const asked = method === CHANGES ? { changes: 'true' } : { method: method?.toUpperCase() };
  const said = { environment, actor, ...asked, path, result: isResult(result) ? result : undefined, from, to: ends.length === 0 ? undefined : new Date(Math.min(...ends)).toISOString() };
  return Object.fromEntries(Object.entries(said).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}

/** Throws ApiError. */
export function activityPage(query: Readonly<Record<string, string>>, paged: { readonly limit: number; readonly cursor?: string }, signal?: AbortSignal): Promise<LogPage<Call>> {
  return answerOf(api.GET('/api/v1/activity', { params: { query: { ...query, ...paged } }, ...(signal === undefined ? {} : { signal }) }));
}

/** @param instant the time machine's; undefined is now, live */
export function useActivity(search: ActivitySearch, instant: string | undefined): NewestFirst<Call> {
  const query = activityQuery(search, instant);
  return useNewestFirst({
    // One that goes on is in the answer only while it does: what is asked for so is short, and asked for anew.
    queryKey: [search.result === 'under-way' ? 'activity' : 'activity-log', query, { asOf: instant }],
    page: (paged, signal) => activityPage(query, paged, signal),
    idOf: idOfCall,
    versionOf: versionOfCall,
    concerns: ({ kind, environmentId }) => kind === 'activity' && (search.environment === undefined || environmentId === null || environmentId === search.environment),
    isLive: instant === undefined && search.to === undefined && search.result !== 'under-way',
  });
}
