/** Keeps the list's rows as the fleet is: what changes in sight is asked for by itself, and the list where its order or length may be another. */
import { useQueryClient } from '@tanstack/react-query';
import type { ListPage } from '../list/use-rows-in-sight.ts';
import { useSpaced } from '../list/use-spaced.ts';
import type { Change } from '../live/live-connection.ts';
import { useChanges } from '../live/live-updates.tsx';
import { isPast } from '../live/stale-answers.ts';
import { useEffect, useRef } from 'react';
import { askEnvironmentsById, ENVIRONMENT_PAGES, type EnvironmentRow } from './environment-rows.ts';
import type { EnvironmentsSearch } from './environments-search.ts';

/** As many as one request may name. */
const MOST_BY_ID = 100;

/** @param at the past has no changes. */
export function useLiveRows(search: EnvironmentsSearch, rows: readonly EnvironmentRow[], at: string | undefined): void {
  const client = useQueryClient();
  const changed = useRef({ isListStale: false, ids: new Set<string>() });
  const inSight = useRef<ReadonlySet<string>>(new Set());
  useEffect(() => {
    inSight.current = new Set(rows.map(({ id }) => id));
  }, [rows]);

  const catchUp = useSpaced(async () => {
    const { isListStale, ids } = changed.current;
    changed.current = { isListStale: false, ids: new Set() };
    const pages = { queryKey: [ENVIRONMENT_PAGES], predicate: ({ queryKey }: { readonly queryKey: readonly unknown[] }) => !isPast(queryKey) };
    if (isListStale || ids.size > MOST_BY_ID) return client.invalidateQueries(pages);
    if (ids.size === 0) return;
    const askedAtMs = Date.now();
    const answered = new Map((await askEnvironmentsById([...ids]).catch(() => [])).map((row) => [row.id, row]));
    for (const query of client.getQueryCache().findAll({ ...pages, type: 'active' })) {
      // A page that came meanwhile knows better.
      if (query.state.dataUpdatedAt > askedAtMs) continue;
      client.setQueryData<ListPage<EnvironmentRow>>(query.queryKey, (page) => page && { ...page, items: page.items.map((row) => answered.get(row.id) ?? row) }, { updatedAt: query.state.dataUpdatedAt });
    }
    // Whoever asked may have gone meanwhile.
    return client.invalidateQueries({ ...pages, type: 'inactive', refetchType: 'none' });
  });

  useChanges((changes) => {
    if (at !== undefined) return;
    // Everything may have changed: all that is in sight is asked for again already.
    if (changes === undefined) return;
    for (const change of changes) {
      if (movesRows(change, search)) changed.current.isListStale = true;
      else if (change.environmentId !== null && inSight.current.has(change.environmentId)) changed.current.ids.add(change.environmentId);
    }
    catchUp();
  });
}

/** Whether rows may come, go or move because of it, in a list with these filters and this order. */
function movesRows({ kind, types }: Change, { status, platform, tunnel, sort }: EnvironmentsSearch): boolean {
  if (types.some((type) => type === 'EnvironmentCreated' || type === 'EnvironmentRemoved' || type === 'EnvironmentRenamed')) return true;
  switch (kind) {
    case 'environment':
      // Who sees which environments depends on their tags, too.
      return types.includes('EnvironmentTagged') || isByStatus(status, sort);
    case 'heartbeat':
    case 'refusal':
      return isByStatus(status, sort);
    case 'agent':
      return isByStatus(status, sort) || platform !== undefined;
    case 'tunnel':
      return tunnel !== undefined;
    case 'account':
      // What one may see may be more, or less.
      return true;
    default:
      return false;
  }
}

function isByStatus(status: string | undefined, sort: string | undefined): boolean {
  return status !== undefined || sort === 'status' || sort === '-status';
}
