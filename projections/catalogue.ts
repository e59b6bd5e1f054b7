/** All projections and all queries: whoever adds a folder adds it here. */
import { agentsPage, environmentNamesPage, findEnvironment, listEnvironments } from './environments/queries.ts';
import { environmentsProjection } from './environments/projection.ts';
import type { Projection, Query } from './projection.ts';
import { snapshotsProjection } from './snapshots/projection.ts';
import { findSnapshot, listSnapshots, pastSnapshotsPage } from './snapshots/queries.ts';
import { tunnelsProjection } from './tunnels/projection.ts';
import { unclosedTunnelsPage } from './tunnels/queries.ts';

/** In the order in which they take each event. */
export const projections: readonly Projection[] = [environmentsProjection, tunnelsProjection, snapshotsProjection];

/** What query threads answer. */
export const queries = [listEnvironments, findEnvironment, environmentNamesPage, agentsPage, unclosedTunnelsPage, findSnapshot, listSnapshots, pastSnapshotsPage] as const satisfies readonly Query<
  never,
  unknown
>[];
