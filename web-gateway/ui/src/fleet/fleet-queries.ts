/** The fleet as a whole: its counts, and how it was over a day. */
import { queryOptions } from '@tanstack/react-query';
import { answerOf, api } from '../api/client.ts';
import type { Answer } from '../api/answer.ts';
import { asOf } from '../past/past-instant.ts';
import { serverNow } from '../time/server-clock.ts';

/** Counts in steps of time, by status, platform or version. */
export type FleetHistory = NonNullable<Answer<'/api/v1/fleet'>['history']>;

/** Shown in place of a history that is null. */
export const WHY_NO_HISTORY = 'No plot: the fleet’s history is kept of all environments together, and your grants reach a part of them.';

/** Not of a subject that every change makes stale: who shows it asks for it, no more than about once a second. */
export const FLEET_COUNTS = 'fleet-counts';
const HISTORY_EVERY_MS = 60_000;
const STEP_SECONDS = 600;
/** The history comes with every answer: where it is not wanted it is one point. */
const NO_HISTORY_SECONDS = 31_536_000;

/** How many there are, by status and by state of their tunnels. */
export function fleetCountsQuery(at: string | undefined) {
  return queryOptions({
    queryKey: [FLEET_COUNTS, { asOf: at }],
    queryFn: ({ signal }) => answerOf(api.GET('/api/v1/fleet', { params: { query: { ...asOf(at), from: new Date(instantMs(at) - 1000).toISOString(), stepSeconds: NO_HISTORY_SECONDS } }, signal })),
  });
}

/** Of the day up to now, or to the instant; null for who does not see the whole fleet. */
export function fleetHistoryQuery(at: string | undefined) {
  return queryOptions({
    queryKey: ['fleet-day', { asOf: at }],
    queryFn: async ({ signal }) => (await answerOf(api.GET('/api/v1/fleet', { params: { query: { ...asOf(at), by: 'status', stepSeconds: STEP_SECONDS } }, signal }))).history,
    ...(at === undefined ? { refetchInterval: HISTORY_EVERY_MS } : { staleTime: Number.POSITIVE_INFINITY }),
  });
}

function instantMs(at: string | undefined): number {
  return at === undefined ? serverNow() : Date.parse(at);
}
