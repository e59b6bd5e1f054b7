/** The read models' answers, asked of the query threads. */
import { decodeCursor, encodeCursor } from './environments/list-place.ts';
import { findEnvironment, listEnvironments } from './environments/queries.ts';
import { countFleet, fleetHistory } from './fleet/queries.ts';
import { listActivity } from './activity/queries.ts';
import { checkLimit, decodeOrdinal, decodePlace, encodeOrdinal, encodePlace } from './paging.ts';
import type { Projections } from './port.ts';
import type { QueryThreads } from './query-threads.ts';
import { searchContainers, type ContainerPlace } from './snapshots/container-search.ts';
import { findSnapshot, listSnapshots } from './snapshots/queries.ts';
import { listTimeline } from './timeline/queries.ts';

export type ReadModelQueries = Pick<Projections, 'environments' | 'snapshots' | 'containers' | 'fleet' | 'timeline' | 'activity'>;

/** Creates the questions about now, and those about what happened. */
export function createReadModelQueries(threads: Pick<QueryThreads, 'ask'>): ReadModelQueries {
  return {
    environments: {
      async list({ cursor, sort = 'name', ...filters }) {
        checkLimit(filters.limit);
        const after = cursor === undefined ? null : decodeCursor(cursor, sort);
        const { items, next, total } = await threads.ask(listEnvironments, { ...filters, sort, after });
        return { items, nextCursor: next === null ? null : encodeCursor(next), total };
      },
      find: async (environmentId) => (await threads.ask(findEnvironment, { environmentId })) ?? undefined,
    },

    snapshots: {
      latest: async (environmentId, node) => (await threads.ask(findSnapshot, { environmentId, node })) ?? undefined,
      async list(environmentId, { limit, before = Number.MAX_SAFE_INTEGER }) {
        const { items, next, total } = await threads.ask(listSnapshots, { environmentId, before, limit });
        return { items, nextCursor: encodeOrdinal(next), total };
      },
    },

    containers: {
      async list({ cursor, ...filters }) {
        checkLimit(filters.limit);
        const after = cursor === undefined ? null : (decodePlace(cursor, 4) as ContainerPlace);
        const { items, next, total } = await threads.ask(searchContainers, { ...filters, after });
        return { items, nextCursor: next === null ? null : encodePlace(next), total };
      },
    },

    fleet: {
      counts: (tagsInReach) => threads.ask(countFleet, tagsInReach === undefined ? {} : { tagsInReach }),
      history({ by, from, to, stepSeconds }) {
        const seconds = (instant: string) => Date.parse(instant) / 1000;
        const asked = { dimension: by, from: Math.floor(seconds(from)), to: Math.ceil(seconds(to)), now: Math.floor(Date.now() / 1000) };
        return threads.ask(fleetHistory, { ...asked, ...(stepSeconds === undefined ? {} : { stepSeconds }) });
      },
    },

    timeline: {
      async list({ cursor, from, to, ...filters }) {
        checkLimit(filters.limit);
        const { items, next, total } = await threads.ask(listTimeline, { ...filters, ...rangeOf(from, to), after: decodeOrdinal(cursor) });
        return { items, nextCursor: encodeOrdinal(next), total };
      },
    },

    activity: {
      async list({ cursor, from, to, ...filters }) {
        checkLimit(filters.limit);
        const { items, next, total } = await threads.ask(listActivity, { ...filters, ...rangeOf(from, to), after: decodeOrdinal(cursor) });
        return { items, nextCursor: encodeOrdinal(next), total };
      },
    },
  };
}

function rangeOf(from: string | undefined, to: string | undefined): { readonly fromMs?: number; readonly toMs?: number } {
  return { ...(from === undefined ? {} : { fromMs: Date.parse(from) }), ...(to === undefined ? {} : { toMs: Date.parse(to) }) };
}
