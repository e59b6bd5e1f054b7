/** The questions about environments as of an instant: the rows that were valid then. When agents had last polled, the log says. */
import type { DatabaseSync } from 'node:sqlite';
import { createInstantLookup, type PastInstant } from '../instants/lookup.ts';
import type { SnapshotView, TunnelView } from '../port.ts';
import type { Query } from '../projection.ts';
import { createPastSnapshotLookup } from '../snapshots/view.ts';
import { createPastTunnelLookup } from '../tunnels/view.ts';
import type { ListPlace } from './list-place.ts';
import { createListSelection, type ListInput } from './list-selection.ts';
import { agentRows, environmentRows, rejectionRows, type AgentRow, type EnvironmentRow, type RejectionRow } from './rows.ts';

/** All rows of one environment as they were. */
export interface PastEnvironmentRows {
  readonly environment: EnvironmentRow;
  readonly agents: readonly AgentRow[];
  readonly rejection: RejectionRow | undefined;
  readonly tunnels: readonly TunnelView[];
  readonly snapshot: SnapshotView | null;
}

/** Prepares reading one environment as it was. */
function createPastLookup(database: DatabaseSync): (environmentId: string, asOf: number) => PastEnvironmentRows | undefined {
  const environments = database.prepare(`SELECT * FROM ${environmentRows.asOf} WHERE environmentId = :environmentId`);
  const agents = database.prepare(`SELECT * FROM ${agentRows.asOf} WHERE environmentId = :environmentId ORDER BY node, agentKey`);
  const rejections = database.prepare(`SELECT * FROM ${rejectionRows.asOf} WHERE environmentId = :environmentId`);
  const tunnelsOf = createPastTunnelLookup(database);
  const snapshotOf = createPastSnapshotLookup(database);

  return (environmentId, asOf) => {
    const then = { environmentId, asOf };
    const environment = environments.get(then) as EnvironmentRow | undefined;
    return (
      environment && {
        environment,
        agents: agents.all(then) as unknown as AgentRow[],
        rejection: rejections.get(then) as RejectionRow | undefined,
        tunnels: tunnelsOf(environmentId, asOf),
        snapshot: snapshotOf(environmentId, asOf),
      }
    );
  };
}

export const findPastEnvironment: Query<{ readonly environmentId: string; readonly atMs: number }, { readonly instant: PastInstant; readonly rows: PastEnvironmentRows | null }> = {
  name: 'find-past-environment',
  prepare(database) {
    const lookup = createPastLookup(database);
    const instantOf = createInstantLookup(database);
    return ({ environmentId, atMs }) => ({ instant: instantOf(atMs), rows: lookup(environmentId, atMs) ?? null });
  },
};

export const listPastEnvironments: Query<
  ListInput & { readonly atMs: number },
  { readonly instant: PastInstant; readonly items: readonly PastEnvironmentRows[]; readonly next: ListPlace | null; readonly total: number }
> = {
  name: 'list-past-environments',
  prepare(database) {
    const selection = createListSelection(database);
    const lookup = createPastLookup(database);
    const instantOf = createInstantLookup(database);
    return (input) => {
      const { ids, next, total } = selection.page(input);
      return { instant: instantOf(input.atMs), items: ids.flatMap((id) => lookup(id, input.atMs) ?? []), next, total };
    };
  },
};

/** A tunnel as it was, by its node's id or host name; null where the environment did not exist then. */
export const findPastTunnel: Query<
  { readonly environmentId: string; readonly node: string | null; readonly atMs: number },
  { readonly isKnownNode: boolean; readonly key: string | null; readonly tunnel: TunnelView | null } | null
> = {
  name: 'find-past-tunnel',
  prepare(database) {
    const lookup = createPastLookup(database);
    return ({ environmentId, node, atMs }) => {
      const rows = lookup(environmentId, atMs);
      if (rows === undefined) return null;
      const tunnelTo = (key: string | null) => rows.tunnels.find((one) => one.node === key) ?? null;
      if (node === null) return { isKnownNode: true, key: null, tunnel: tunnelTo(null) };
      const agent = rows.agents.find(({ agentKey, node: hostname }) => agentKey !== '' && (agentKey === node || hostname === node));
      const key = agent?.agentKey ?? node;
      return { isKnownNode: agent !== undefined || tunnelTo(node) !== null, key, tunnel: tunnelTo(key) };
    };
  },
};
