/** Events over REST: history page by page, and what is recorded from now on. */
import type { Query, RestClient } from './rest-client.ts';

/** An event as REST shows it. */
export interface Event {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: string;
  readonly type: string;
  readonly time: string;
  readonly recordedAt: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** What a reader may ask for. `from` and `to` are instants, `[from, to)`. */
export interface EventFilter {
  readonly stream?: string;
  readonly category?: string;
  readonly type?: string;
  readonly environment?: string;
  readonly from?: string;
  readonly to?: string;
}

interface Page {
  readonly items: readonly Event[];
  readonly nextCursor: string | null;
}

const LARGEST_PAGE = 1000;

/** What was recorded so far, in pages; at most `limit` events. */
export async function* readHistory(
  client: RestClient,
  filter: EventFilter,
  options: { readonly order: 'asc' | 'desc'; readonly limit?: number },
): AsyncGenerator<readonly Event[], void, undefined> {
  let wanted = options.limit ?? Infinity;
  let cursor: string | undefined;
  do {
    const query: Query = { ...filter, order: options.order, limit: Math.min(wanted, LARGEST_PAGE), cursor };
    const page = (await client.call('GET', '/events', { query })).body as Page;
    if (page.items.length > 0) yield page.items;
    wanted -= page.items.length;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && wanted > 0);
}

/** What is recorded from now on, or from `filter.from` on, as it comes. Throws when the signal aborts. */
export async function* followEvents(client: RestClient, filter: EventFilter, signal: AbortSignal): AsyncGenerator<Event, void, undefined> {
  const after = filter.from === undefined ? await newestPosition(client, filter) : undefined;
  for await (const event of client.lines('/events', { query: { ...filter, after, follow: true }, signal })) yield event as Event;
}

/** Now is a place in the log: clocks here and there may differ. */
async function newestPosition(client: RestClient, filter: EventFilter): Promise<string | undefined> {
  for await (const [newest] of readHistory(client, filter, { order: 'desc', limit: 1 })) return newest?.position;
  return undefined;
}
