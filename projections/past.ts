/** The past: the rows that were valid at an instant, and from the log itself when agents had last polled. */
import { listPastUsers } from './accounts/queries.ts';
import type { EventReader } from '../services/event-store/port.ts';
import { findPastEnvironment, findPastTunnel, listPastEnvironments, type PastEnvironmentRows } from './environments/past-queries.ts';
import { decodeCursor, encodeCursor } from './environments/list-place.ts';
import { environmentView } from './environments/view.ts';
import { countFleet } from './fleet/queries.ts';
import type { PastInstant } from './instants/lookup.ts';
import { createPastPolls, type LastPoll } from './instants/past-polls.ts';
import { checkLimit, decodePlace, encodeOrdinal, encodePlace } from './paging.ts';
import type { PastEnvironment, PastQueries } from './port.ts';
import type { QueryThreads } from './query-threads.ts';
import { searchContainers, type ContainerPlace } from './snapshots/container-search.ts';
import { findSnapshot, listSnapshots } from './snapshots/queries.ts';

/** Creates the questions about the past over the query threads and the log. */
export function createPastQueries(threads: Pick<QueryThreads, 'ask'>, reader: Pick<EventReader, 'readAll' | 'comparePositions'>): PastQueries {
  const polls = createPastPolls(reader);

  /** All environments of an answer at once: the log is read once for them. */
  async function withPolls(instant: PastInstant, all: readonly PastEnvironmentRows[], signal: AbortSignal | undefined): Promise<PastEnvironment[]> {
    const agentsThen = all.flatMap(({ environment, agents }) =>
      agents.map((agent) => ({ ...agent, downSince: environment.heartbeat === 'down' ? environment.heartbeatLostAt : null })),
    );
    const lastPolls = await polls.lastPolls(instant, agentsThen, signal);
    let next = 0;
    return all.map((rows) => {
      const mine = lastPolls.slice(next, (next += rows.agents.length));
      const agents = rows.agents.map((agent, index) => ({ ...agent, lastPolledAt: mine[index]?.at ?? null }));
      return { environment: environmentView({ ...rows, agents }), approximate: approximateIn(instant, rows, mine), settings: instant.settings };
    });
  }

  return {
    async listEnvironments(atMs, { cursor, sort = 'name', ...filters }, signal) {
      checkLimit(filters.limit);
      if (sort.endsWith('lastPolledAt')) throw new RangeError('environments of the past are not sorted by their last poll');
      const after = cursor === undefined ? null : decodeCursor(cursor, sort);
      const { instant, items, next, total } = await threads.ask(listPastEnvironments, { ...filters, sort, after, atMs });
      return { items: await withPolls(instant, items, signal), nextCursor: next === null ? null : encodeCursor(next), total };
    },

    async findEnvironment(atMs, environmentId, signal) {
      const { instant, rows } = await threads.ask(findPastEnvironment, { environmentId, atMs });
      return rows === null ? undefined : (await withPolls(instant, [rows], signal))[0];
    },

    async findTunnel(atMs, environmentId, node) {
      const found = await threads.ask(findPastTunnel, { environmentId, node, atMs });
      if (found === null) return undefined;
      const { isKnownNode, key, tunnel } = found;
      const never = { state: 'closed', since: null, openedAt: null, node: key, agentNode: null, lastFailure: null } as const;
      return { node: isKnownNode ? key : undefined, tunnel: tunnel ?? never };
    },

    hadEnvironment: async (atMs, environmentId) => (await threads.ask(findPastTunnel, { environmentId, node: null, atMs })) !== null,

    latestSnapshot: async (atMs, environmentId, node) => (await threads.ask(findSnapshot, { environmentId, node, atMs })) ?? undefined,

    async listSnapshots(atMs, environmentId, { limit, before = Number.MAX_SAFE_INTEGER }) {
      const { items, next, total } = await threads.ask(listSnapshots, { environmentId, before, limit, atMs });
      return { items, nextCursor: encodeOrdinal(next), total };
    },

    async listContainers(atMs, { cursor, ...filters }) {
      checkLimit(filters.limit);
      const after = cursor === undefined ? null : (decodePlace(cursor, 4) as ContainerPlace);
      const { items, next, total } = await threads.ask(searchContainers, { ...filters, after, atMs });
      return { items, nextCursor: next === null ? null : encodePlace(next), total };
    },

    listUsers: (atMs) => threads.ask(listPastUsers, { atMs }),

    countFleet: (atMs, tagsInReach) => threads.ask(countFleet, { atMs, ...(tagsInReach === undefined ? {} : { tagsInReach }) }),
  };
}

/** The fields that may be older than they were. */
function approximateIn({ atMs, snapshotsKeptFromMs }: PastInstant, { agents }: PastEnvironmentRows, polls: readonly LastPoll[]): string[] {
  const ofPolls = agents.length > 0 && polls.some(({ isApproximate }) => isApproximate) ? ['heartbeat.lastPolledAt', 'agents.lastPolledAt'] : [];
  return atMs < snapshotsKeptFromMs ? [...ofPolls, 'snapshot'] : ofPolls;
}
