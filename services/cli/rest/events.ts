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

/** What a reader may ask for: all that is given must hold. `from` and `to` are instants, `[from, to)`. */
export interface EventFilter {
  readonly stream?: string;
  /** One of these. */
  readonly categories?: readonly string[];
  /** One of these. */
  readonly types?: readonly string[];
  /** By its id. */
  readonly environment?: string;
  /** An actor, or what it begins with. */
  readonly actor?: string;
  readonly withoutPolls?: boolean;
  readonly changes?: boolean;
  readonly from?: string;
  readonly to?: string;
}

export interface ReadOptions {
  readonly order: 'asc' | 'desc';
  /** At most so many; all otherwise. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

interface Page {
  readonly items: readonly Event[];
  readonly nextCursor: string | null;
}

const LARGEST_PAGE = 1000;

/** What was recorded so far, in pages. Throws CliError, or the signal's reason. */
export async function* readHistory(client: RestClient, filter: EventFilter, { order, limit = Infinity, signal }: ReadOptions): AsyncGenerator<readonly Event[], void, undefined> {
  let wanted = limit;
  let cursor: string | undefined;
  do {
    const query: Query = { ...queryOf(filter), order, limit: Math.min(wanted, LARGEST_PAGE), cursor };
    const page = (await client.call('GET', '/events', { query, ...(signal === undefined ? {} : { signal }) })).body as Page;
    if (page.items.length > 0) yield page.items;
    wanted -= page.items.length;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined && wanted > 0);
}

/** What is recorded from now on, or from `filter.from` on, as it comes, until `filter.to`. Throws when the signal aborts, and CliError `stream-ended` where the server ends it. */
export async function* followEvents(client: RestClient, filter: EventFilter, signal: AbortSignal): AsyncGenerator<Event, void, undefined> {
  const after = filter.from === undefined ? await newestPosition(client) : undefined;
  let last = after;
  for await (const line of client.lines('/events', { query: { ...queryOf(filter), after, follow: true }, signal })) {
    const event = line as Event;
    last = event.position;
    yield event;
  }
  if (filter.to !== undefined && Date.now() >= Date.parse(filter.to)) return;
  throw new CliError('stream-ended', `the server ended the stream: it is stopping, or this sign-in has ended; the last position read is ${last ?? 'none'}`);
}

/** Now is a place in the log: clocks here and there may differ. */
async function newestPosition(client: RestClient): Promise<string | undefined> {
  for await (const [newest] of readHistory(client, {}, { order: 'desc', limit: 1 })) return newest?.position;
  return undefined;
}

/** As the interface takes it. */
export function queryOf({ categories, types, withoutPolls, changes, ...filter }: EventFilter): Query {
  return { ...filter, category: categories?.join(','), type: types?.join(','), withoutPolls: withoutPolls === true ? true : undefined, changes: changes === true ? true : undefined };
}
