/** What a starting process asks of the past, page by page. */
import type { PastRecord } from '../services/domain/past-record.ts';
import { hasCallsUnderWay } from './activity/queries.ts';
import { agentsPage, environmentNamesPage } from './environments/queries.ts';
import { FIRST_PLACE } from './node-key.ts';
import type { QueryThreads } from './query-threads.ts';
import { pastSnapshotsPage } from './snapshots/queries.ts';
import { unclosedTunnelsPage } from './tunnels/queries.ts';

/** Rows, or environments with all their agents, in a page. */
const pageSize = 1000;

interface Page<Item, Place> {
  readonly items: readonly Item[];
  readonly next: Place | null;
}

async function* pages<Item, Place>(first: Place, read: (after: Place) => Promise<Page<Item, Place>>): AsyncGenerator<readonly Item[]> {
  for (let after: Place | null = first; after !== null; ) {
    const page: Page<Item, Place> = await read(after);
    if (page.items.length > 0) yield page.items;
    after = page.next;
  }
}

/** Creates the queries over the query threads. */
export function createStartupQueries(threads: QueryThreads): PastRecord {
  return {
    environmentNames: () => pages('', (after) => threads.ask(environmentNamesPage, { after, limit: pageSize })),
    agents: () => pages('', (after) => threads.ask(agentsPage, { after, limit: pageSize })),
    snapshots: () => pages(FIRST_PLACE, (after) => threads.ask(pastSnapshotsPage, { after, limit: pageSize })),
    unclosedTunnels: () => pages(FIRST_PLACE, (after) => threads.ask(unclosedTunnelsPage, { after, limit: pageSize })),
    hasCallsUnderWay: (activityStream) => threads.ask(hasCallsUnderWay, activityStream),
  };
}
