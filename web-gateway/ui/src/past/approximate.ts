/** Which fields of what is shown may be older than they were: the answers about the instant say so themselves (docs/rest.md, "The past"). */
import { useQueryClient, type Query } from '@tanstack/react-query';
import { useCallback, useSyncExternalStore } from 'react';

const WORDS: Readonly<Record<string, string>> = {
  'heartbeat.lastPolledAt': 'last polls: polls of then are gone, their hourly summaries tell',
  'agents.lastPolledAt': 'last polls: polls of then are gone, their hourly summaries tell',
  snapshot: 'snapshots and containers: snapshots of then have expired',
};

/** In words, each once. Answers are known by their key, which ends with `{ asOf }`. */
export function useApproximate(instant: string | undefined): readonly string[] {
  const cache = useQueryClient().getQueryCache();
  const subscribe = useCallback((listener: () => void) => cache.subscribe(listener), [cache]);
  // A text, because what is the same must be the same value.
  const fields = useSyncExternalStore(subscribe, () => (instant === undefined ? '' : [...fieldsOf(cache.getAll(), instant)].sort().join(' ')));
  return [...new Set(fields.split(' ').filter(Boolean).map((field) => WORDS[field] ?? field))];
}

function fieldsOf(queries: readonly Query[], instant: string): ReadonlySet<string> {
  const fields = new Set<string>();
  for (const query of queries) {
    const last = query.queryKey.at(-1);
    if (!query.isActive() || typeof last !== 'object' || last === null || !('asOf' in last) || last.asOf !== instant) continue;
    for (const field of fieldsIn(query.state.data)) fields.add(field);
  }
  return fields;
}

interface MayBeApproximate {
  readonly approximate?: readonly string[];
  readonly environment?: MayBeApproximate;
  readonly items?: readonly MayBeApproximate[];
  readonly pages?: readonly MayBeApproximate[];
}

/** Of an answer, what it is held with, a list, or a list's pages. */
function fieldsIn(data: unknown): readonly string[] {
  if (typeof data !== 'object' || data === null) return [];
  const { approximate, environment, items, pages } = data as MayBeApproximate;
  if (approximate !== undefined) return approximate;
  return [environment, ...(items ?? []), ...(pages ?? [])].flatMap(fieldsIn);
}
