/** A long list of the server's, of which only what is in sight is asked for: in pages by their place, which are kept. */
import { hashKey, useQueries, type QueryKey, type UseQueryResult } from '@tanstack/react-query';
import { useCallback, useMemo, useState } from 'react';

/** Of a page: a screen holds one or two. */
export const PAGE_ROWS = 50;
/** A page that was scrolled away from is forgotten after so long. */
const KEPT_MS = 120_000;

/** A part of a list. */
export interface ListPage<Row> {
  readonly items: readonly Row[];
  /** On all pages. */
  readonly total: number;
}

/** What is there of the list, and what the table tells it. */
export interface RowsInSight<Row> {
  /** The whole list's; undefined until an answer came. */
  readonly total: number | undefined;
  /** Rows that lie side by side, of those in sight what is here; `first` is the place of the first of them in the list. */
  readonly first: number;
  readonly rows: readonly Row[];
  /** What is shown is of the list asked for before this one. */
  readonly isOld: boolean;
  /** Why what is in sight could not be loaded. */
  readonly error: unknown;
  readonly retry: () => void;
  /** What the table calls with the first and the last row in sight. */
  readonly onSight: (first: number, last: number) => void;
}

interface Shown<Row> {
  readonly of: string;
  readonly total: number;
  readonly first: number;
  readonly rows: readonly Row[];
}

/** What a page's query is called by. */
export function pageKey(list: QueryKey, page: number, asOf: string | undefined): QueryKey {
  return [...list, page, { asOf }];
}

/**
 * @param list the list's key: its subject, then its filters and order.
 * @param ask must depend on nothing but what the key has.
 * @param asOf the past does not change; now is asked for again every `refreshMs`, where it is said.
 */
export function useRowsInSight<Row>({
  list,
  ask,
  asOf,
  refreshMs,
}: {
  readonly list: QueryKey;
  readonly ask: (page: { readonly offset: number; readonly limit: number }, signal: AbortSignal) => Promise<ListPage<Row>>;
  readonly asOf: string | undefined;
  readonly refreshMs?: number;
}): RowsInSight<Row> {
  const of = hashKey([...list, asOf]);
  const [sight, setSight] = useState({ of, firstPage: 0, lastPage: 0 });
  const onSight = useCallback(
    (first: number, last: number) => {
      const [firstPage, lastPage] = [Math.floor(first / PAGE_ROWS), Math.floor(last / PAGE_ROWS)];
      // A screen is not drawn again for each row that comes into sight.
      setSight((before) => (before.of === of && before.firstPage === firstPage && before.lastPage === lastPage ? before : { of, firstPage, lastPage }));
    },
    [of],
  );
  // Another list begins at its top.
  const { firstPage, lastPage } = sight.of === of ? sight : { firstPage: 0, lastPage: 0 };

  const { pages, total, error, retry } = useQueries({
    queries: Array.from({ length: lastPage - firstPage + 1 }, (_, index) => ({
      queryKey: pageKey(list, firstPage + index, asOf),
      queryFn: ({ signal }: { readonly signal: AbortSignal }) => ask({ offset: (firstPage + index) * PAGE_ROWS, limit: PAGE_ROWS }, signal),
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: KEPT_MS,
      ...(asOf === undefined && refreshMs !== undefined ? { refetchInterval: refreshMs } : {}),
    })),
    combine: combinePages<Row>,
  });

  const fresh = useMemo(() => shownOf(of, firstPage, pages, total), [of, firstPage, pages, total]);
  const [last, setLast] = useState<Shown<Row>>();
  if (fresh !== undefined && fresh !== last) setLast(fresh);
  const shown = fresh ?? last;
  // Scrolled to where nothing is yet, the list is as long as it was.
  return { total: shown?.total, first: shown?.first ?? 0, rows: shown?.rows ?? [], isOld: shown !== undefined && shown.of !== of, error, retry, onSight };
}

interface Pages<Row> {
  readonly pages: readonly (readonly Row[] | undefined)[];
  readonly total: number | undefined;
  readonly error: unknown;
  readonly retry: () => void;
}

function combinePages<Row>(results: readonly UseQueryResult<ListPage<Row>>[]): Pages<Row> {
  const latest = results.reduce<UseQueryResult<ListPage<Row>> | undefined>((newest, one) => (one.data !== undefined && (newest === undefined || one.dataUpdatedAt > newest.dataUpdatedAt) ? one : newest), undefined);
  const failed = results.filter(({ isError, data }) => isError && data === undefined);
  return {
    pages: results.map(({ data }) => data?.items),
    total: latest?.data?.total,
    error: failed[0]?.error ?? null,
    retry: () => failed.forEach(({ refetch }) => void refetch()),
  };
}

/** The first pages side by side that are here. */
function shownOf<Row>(of: string, firstPage: number, pages: readonly (readonly Row[] | undefined)[], total: number | undefined): Shown<Row> | undefined {
  const begin = pages.findIndex((page) => page !== undefined);
  if (begin === -1 || total === undefined) return undefined;
  const missing = pages.indexOf(undefined, begin);
  return { of, total, first: (firstPage + begin) * PAGE_ROWS, rows: pages.slice(begin, missing === -1 ? undefined : missing).flatMap((page) => page ?? []) };
}
