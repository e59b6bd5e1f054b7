/** What the slider is drawn over: where the record begins, and how the fleet was since. */
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { answerOf, api } from '../api/client.ts';
import type { FleetHistory } from '../fleet/fleet-queries.ts';
import { askTimeline } from '../timeline/ask-timeline.ts';
import { useServerNow } from '../time/use-server-now.ts';
import type { TimeWindow } from './time-window.ts';

/** As many points as a plot of this size can show. */
const POINTS = 240;
const FRESH_MS = 60_000;

/** When the first event was recorded that the reader may know of; undefined until it is known, and where there is none. */
export function useFirstInstantMs(): number | undefined {
  const { data } = useQuery({
    queryKey: ['record-begins'],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => (await askTimeline(undefined, { order: 'asc', limit: 1 })).items[0]?.recordedAt ?? null,
  });
  return data === undefined || data === null ? undefined : Date.parse(data);
}

/** Null where the reader may not see all of the fleet. Changes of the last minute are not waited for: it is a backdrop. */
export function useFleetHistory({ fromMs, toMs }: TimeWindow): FleetHistory | null | undefined {
  const nowMs = useServerNow();
  const [from, to] = [minute(fromMs), minute(toMs)];
  const stepSeconds = Math.min(31_536_000, Math.max(60, Math.round((to - from) / 1000 / POINTS)));
  const range = { from: new Date(from).toISOString(), ...(to < minute(nowMs) ? { to: new Date(to).toISOString() } : {}) };
  const { data } = useQuery({
    queryKey: ['fleet-history', { from, to, stepSeconds }],
    staleTime: FRESH_MS,
    placeholderData: keepPreviousData,
    queryFn: async () => (await answerOf(api.GET('/api/v1/fleet', { params: { query: { by: 'status', stepSeconds, ...range } } }))).history ?? null,
  });
  return data;
}

function minute(ms: number): number {
  return Math.floor(ms / 60_000) * 60_000;
}
