/**
 * A log, newest first: older pages are loaded as they are wanted, and what is new is put on top as it happens, without asking again for what is
 * there already.
 */
import { keepPreviousData, useInfiniteQuery, useQueryClient, type InfiniteData, type QueryKey } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Change } from '../live/live-connection.ts';
import { useChanges } from '../live/live-updates.tsx';

/** A page of the server's, newest first. */
export interface LogPage<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** Where a log comes from. */
export interface NewestFirstSource<Item> {
  /** Its subject must be none that changes make stale (live/stale-answers.ts): this keeps it up to date by itself. */
  readonly queryKey: QueryKey;
  readonly page: (asked: { readonly limit: number; readonly cursor?: string }, signal?: AbortSignal) => Promise<LogPage<Item>>;
  readonly idOf: (item: Item) => string;
  /** What differs where an item has changed since; its id where items never do. */
  readonly versionOf?: (item: Item) => string;
  /** Whether a change may have brought something. */
  readonly concerns: (change: Change) => boolean;
  /** False for the past, which does not change. */
  readonly isLive: boolean;
}

/** A log as it is by now. */
export interface NewestFirst<Item> {
  readonly items: readonly Item[];
  readonly isPending: boolean;
  /** Whether what is shown is of the question before, until the answer comes. */
  readonly isOfBefore: boolean;
  /** Of the first page, or of those after it. */
  readonly error: Error | null;
  readonly hasOlder: boolean;
  readonly isLoadingOlder: boolean;
  loadOlder(): void;
  /** More has happened than is put on top: what is shown stands still until `startOver`. */
  readonly hasGap: boolean;
  startOver(): void;
}

const PAGE = 100;
/** So many pages of news are put on top at once; where there are more the reader is asked. */
const MOST_NEW_PAGES = 5;
/** So many entries are held, live; older ones are asked for again where they are wanted. */
const MOST_HELD = 10_000;

type Pages<Item> = InfiniteData<LogPage<Item>, string | undefined>;

/** Another key is another log. */
export function useNewestFirst<Item>({ queryKey, page, idOf, versionOf = idOf, concerns, isLive }: NewestFirstSource<Item>): NewestFirst<Item> {
  const client = useQueryClient();
  const query = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => page({ limit: PAGE, ...(pageParam === undefined ? {} : { cursor: pageParam }) }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }: LogPage<Item>) => nextCursor ?? undefined,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    placeholderData: keepPreviousData,
  });
  const key = JSON.stringify(queryKey);
  const [gapOf, setGapOf] = useState<string>();

  /** Puts what is newer than what is held on top of it. */
  async function catchUpOnce(): Promise<void> {
    const held = client.getQueryData<Pages<Item>>(queryKey);
    if (held === undefined) return;
    const known = new Set(held.pages.flatMap(({ items }) => items.map(versionOf)));
    const fresh: Item[] = [];
    let isWhole = false;
    for (let [count, cursor] = [0, undefined as string | undefined]; count < MOST_NEW_PAGES && !isWhole; count += 1) {
      const newer = await page({ limit: PAGE, ...(cursor === undefined ? {} : { cursor }) });
      const end = newer.items.findIndex((item) => known.has(versionOf(item)));
      fresh.push(...newer.items.slice(0, end === -1 ? newer.items.length : end));
      isWhole = end !== -1 || newer.nextCursor === null;
      cursor = newer.nextCursor ?? undefined;
    }
    if (fresh.length === 0) return;
    if (!isWhole || known.size > MOST_HELD) return setGapOf(key);
    const ids = new Set(fresh.map(idOf));
    client.setQueryData<Pages<Item>>(queryKey, (now) =>
      now === undefined ? now : { ...now, pages: now.pages.map((one, index) => ({ ...one, items: [...(index === 0 ? fresh : []), ...one.items.filter((item) => !ids.has(idOf(item)))] })) },
    );
  }

  const catchUp = useInTurn(catchUpOnce);
  useChanges((changes) => {
    if (isLive && gapOf !== key && (changes === undefined || changes.some(concerns))) catchUp();
  });
  // What was held from an earlier visit may be old.
  useEffect(() => {
    if (isLive) catchUp();
  }, [isLive, key, catchUp]);

  const { fetchNextPage, hasNextPage, isFetchingNextPage, isFetchNextPageError } = query;
  const loadOlder = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  }, [fetchNextPage, hasNextPage, isFetchingNextPage, isFetchNextPageError]);

  const items = useMemo(() => query.data?.pages.flatMap((one) => one.items) ?? [], [query.data]);

  return {
    items,
    isPending: query.isPending,
    isOfBefore: query.isPlaceholderData,
    error: query.error,
    hasOlder: hasNextPage,
    isLoadingOlder: isFetchingNextPage,
    loadOlder,
    hasGap: gapOf === key,
    startOver() {
      setGapOf(undefined);
      void (isFetchNextPageError ? fetchNextPage() : client.resetQueries({ queryKey, exact: true }));
    },
  };
}

/** One at a time, and once more where it was wanted meanwhile; as the component is by then. */
function useInTurn(act: () => Promise<void>): () => void {
  const latest = useRef(act);
  useEffect(() => {
    latest.current = act;
  });
  const isRunning = useRef(false);
  const isDue = useRef(false);
  return useCallback(() => {
    isDue.current = true;
    if (isRunning.current) return;
    isRunning.current = true;
    void (async () => {
      while (isDue.current) {
        isDue.current = false;
        // What fails is tried again with the next change, or when the connection is back.
        await latest.current().catch(() => undefined);
      }
      isRunning.current = false;
    })();
  }, []);
}
