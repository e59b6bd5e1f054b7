/** Gathers the calls that are saved as a file: page by page as they are filtered, up to a bound. */
import type { Call } from '../api/answer.ts';
import type { LogPage } from '../parts/newest-first.ts';

/** More than this is for `homeport events export`. */
export const MOST_EXPORTED = 100_000;
const PAGE = 1000;

/** What came of gathering. */
export interface Gathered {
  readonly calls: readonly Call[];
  /** Whether the bound left some out. */
  readonly isCut: boolean;
}

type Page = (paged: { readonly limit: number; readonly cursor?: string }, signal: AbortSignal) => Promise<LogPage<Call>>;

/** Throws what `page` throws, and when `signal` aborts. */
export async function gatherCalls(page: Page, onProgress: (count: number) => void, signal: AbortSignal): Promise<Gathered> {
  const calls = new Map<string, Call>();
  for (let cursor: string | undefined; ; ) {
    const { items, nextCursor } = await page({ limit: PAGE, ...(cursor === undefined ? {} : { cursor }) }, signal);
    signal.throwIfAborted();
    // One that ended meanwhile is not there twice.
    for (const call of items) if (!calls.has(call.id)) calls.set(call.id, call);
    onProgress(calls.size);
    if (nextCursor === null || calls.size >= MOST_EXPORTED) return { calls: [...calls.values()].slice(0, MOST_EXPORTED), isCut: nextCursor !== null };
    cursor = nextCursor;
  }
}
