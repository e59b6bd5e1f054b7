/** Which kept answers a change makes stale. The first part of a query's key is its subject; docs: CONTRIBUTING.md, "The web UI". */
import type { QueryClient, QueryKey } from '@tanstack/react-query';
import type { Change } from './live-connection.ts';

/** Subjects that are asked for by environment have its id as their second part. */
const OF_AN_ENVIRONMENT = new Set<unknown>(['environment', 'tunnel', 'snapshot', 'snapshots', 'timeline']);

/** Lists across all environments, and the fleet's counts, are not among them: see LISTS. */
const SUBJECTS: Readonly<Record<Change['kind'], readonly string[]>> = {
  environment: ['environment', 'timeline'],
  agent: ['environment', 'timeline'],
  heartbeat: ['environment', 'timeline'],
  poll: ['environment'],
  tunnel: ['environment', 'tunnel', 'timeline'],
  snapshot: ['environment', 'snapshot', 'snapshots', 'timeline'],
  activity: ['activity'],
  refusal: ['environment', 'timeline'],
  account: ['users', 'api-keys', 'sessions', 'timeline'],
  settings: ['settings', 'tunnel-certificate', 'environment', 'timeline'],
  checkpoint: ['checkpoints'],
};

/** A key whose last part is `{ asOf }` is an answer about the past, which does not change. */
export function isPast(key: QueryKey): boolean {
  const last = key.at(-1);
  return typeof last === 'object' && last !== null && 'asOf' in last && last.asOf !== undefined;
}

/**
 * Lists across all environments, and what is counted across them: who shows them asks again, no more than about once a second whatever changes
 * (list/). Those that nobody shows are asked for when they are shown next.
 */
const LISTS = new Set<unknown>(['environment-pages', 'container-pages', 'fleet-counts', 'palette-environments', 'palette-containers', 'environment-choices', 'environment-choice']);

/** Asks again for what is shown, and for the rest when it is shown next. */
export function markStale(client: QueryClient, changes: readonly Change[]): void {
  void client.invalidateQueries({ type: 'inactive', refetchType: 'none', predicate: ({ queryKey }) => LISTS.has(queryKey[0]) && !isPast(queryKey) });
  void client.invalidateQueries({ predicate: ({ queryKey }) => !isPast(queryKey) && changes.some((change) => concerns(change, queryKey)) });
}

function concerns({ kind, environmentId }: Change, [subject, id]: QueryKey): boolean {
  if (!SUBJECTS[kind].includes(subject as string)) return false;
  return environmentId === null || !OF_AN_ENVIRONMENT.has(subject) || id === environmentId;
}

/** Logs catch up by themselves, page by page from the top: see parts/newest-first.ts. */
const LOGS = new Set<unknown>(['timeline-log', 'activity-log']);

/** The same where changes were missed, or another session may see others. */
export function markAllStale(client: QueryClient): void {
  void client.invalidateQueries({ predicate: ({ queryKey }) => !isPast(queryKey) && !LOGS.has(queryKey[0]) });
}
