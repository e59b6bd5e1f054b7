/** All projections and all queries: whoever adds a folder adds it here. */
import { accountsProjection } from './accounts/projection.ts';
import { listPastUsers } from './accounts/queries.ts';
import { activityProjection } from './activity/projection.ts';
import { hasCallsUnderWay, listActivity } from './activity/queries.ts';
import { findPastEnvironment, findPastTunnel, listPastEnvironments } from './environments/past-queries.ts';
import { environmentsProjection } from './environments/projection.ts';
import { agentsPage, environmentNamesPage, findEnvironment, listEnvironments } from './environments/queries.ts';
import { fleetProjection } from './fleet/projection.ts';
import { countFleet, fleetHistory } from './fleet/queries.ts';
import { instantsProjection } from './instants/projection.ts';
import type { Projection, Query } from './projection.ts';
import { searchContainers } from './snapshots/container-search.ts';
import { snapshotsProjection } from './snapshots/projection.ts';
import { findSnapshot, listSnapshots, pastSnapshotsPage } from './snapshots/queries.ts';
import { timelineProjection } from './timeline/projection.ts';
import { listTimeline } from './timeline/queries.ts';
import { tunnelsProjection } from './tunnels/projection.ts';
import { unclosedTunnelsPage } from './tunnels/queries.ts';

/** In the order in which they take each event. */
export const projections: readonly Projection[] = [
  environmentsProjection,
  tunnelsProjection,
  snapshotsProjection,
  instantsProjection,
  fleetProjection,
  timelineProjection,
  activityProjection,
  accountsProjection,
];

/** What query threads answer. */
export const queries = [
  listEnvironments,
  findEnvironment,
  environmentNamesPage,
  agentsPage,
  listPastEnvironments,
  findPastEnvironment,
  findPastTunnel,
  unclosedTunnelsPage,
  findSnapshot,
  listSnapshots,
  pastSnapshotsPage,
  searchContainers,
  countFleet,
  fleetHistory,
  listTimeline,
  listActivity,
  hasCallsUnderWay,
  listPastUsers,
] as const satisfies readonly Query<never, unknown>[];
