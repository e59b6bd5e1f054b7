/** Events over REST: history page by page, and what is recorded from now on. */
import { CliError } from '../cli-error.ts';
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
  options: { readonly order: 'asc' | 'desc'; readonly limit?: number; readonly isWanted?: (event: Event) => boolean },
): AsyncGenerator<readonly Event[], void, undefined> {
  const { isWanted } = options;
  let wanted = options.limit ?? Infinity;
  let cursor: string | undefined;
  do {
    const query: Query = { ...filter, order: options.order, limit: isWanted === undefined ? Math.min(wanted, LARGEST_PAGE) : LARGEST_PAGE, cursor };
    const page = (await client.call('GET', '/events', { query })).body as Page;
    const items = (isWanted === undefined ? page.items : page.items.filter(isWanted)).slice(0, wanted);
    if (items.length > 0) yield items;
    wanted -= items.length;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && wanted > 0);
}

/** What is recorded from now on, or from `filter.from` on, as it comes. Throws when the signal aborts, and CliError `stream-ended` where the server ends it. */
export async function* followEvents(client: RestClient, filter: EventFilter, signal: AbortSignal): AsyncGenerator<Event, void, undefined> {
  const after = filter.from === undefined ? await newestPosition(client, filter) : undefined;
  let last = after;
  for await (const line of client.lines('/events', { query: { ...filter, after, follow: true }, signal })) {
    const event = line as Event;
    last = event.position;
    yield event;
  }
  throw new CliError('stream-ended', `the server ended the stream: it is stopping, or this sign-in has ended; the last position read is ${last ?? 'none'}`);
}

/** Now is a place in the log: clocks here and there may differ. */
async function newestPosition(client: RestClient, filter: EventFilter): Promise<string | undefined> {
  for await (const [newest] of readHistory(client, filter, { order: 'desc', limit: 1 })) return newest?.position;
  return undefined;
}
