/** All projections and all queries: whoever adds a folder adds it here. */
import { agentsPage, environmentNamesPage, findEnvironment, listEnvironments } from './environments/queries.ts';
import { environmentsProjection } from './environments/projection.ts';
import type { Projection, Query } from './projection.ts';
import { tunnelsProjection } from './tunnels/projection.ts';
import { unclosedTunnelsPage } from './tunnels/queries.ts';

/** In the order in which they take each event. */
export const projections: readonly Projection[] = [environmentsProjection, tunnelsProjection];

/** What query threads answer. */
export const queries = [listEnvironments, findEnvironment, environmentNamesPage, agentsPage, unclosedTunnelsPage] as const satisfies readonly Query<
  never,
  unknown
>[];
