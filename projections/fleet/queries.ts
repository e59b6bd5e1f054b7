/** The questions about the fleet as a whole: how it stands, stood, and changed. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { agentRows, environmentRows } from '../environments/rows.ts';
import type { FleetCounts, FleetHistory } from '../port.ts';
import type { Query } from '../projection.ts';
import { tunnelRows } from '../tunnels/rows.ts';
import { createFleetSeries, type SeriesAsked } from './series.ts';
import type { FleetDimension } from './rows.ts';

type Counting = Readonly<Record<FleetDimension, StatementSync>>;

function prepareCounting(database: DatabaseSync, tables: { readonly environments: string; readonly agents: string; readonly tunnels: string }): Counting {
  const grouped = (column: string, table: string, condition = 'true') =>
    database.prepare(`SELECT ${column} AS value, count(*) AS count FROM ${table} WHERE ${condition} GROUP BY ${column} ORDER BY ${column}`);
  return {
    status: grouped('status', tables.environments),
    platform: grouped('platform', tables.environments, 'platform IS NOT NULL'),
    version: grouped('version', tables.agents),
    tunnel: grouped('state', tables.tunnels, "state <> 'closed'"),
  };
}

/** How the fleet stands, or stood at `atMs`: exactly, for these counts owe nothing to polls. */
export const countFleet: Query<{ readonly atMs?: number }, FleetCounts> = {
  name: 'count-fleet',
  prepare(database) {
    const now = prepareCounting(database, { environments: 'environments', agents: 'agents', tunnels: 'tunnels' });
    const then = prepareCounting(database, { environments: environmentRows.asOf, agents: agentRows.asOf, tunnels: tunnelRows.asOf });
    return ({ atMs }) => {
      const counted = (dimension: FleetDimension): Record<string, number> => {
        const rows = atMs === undefined ? now[dimension].all() : then[dimension].all({ asOf: atMs });
        return Object.fromEntries(rows.map(({ value, count }) => [String(value), Number(count)]));
      };
      const byStatus = counted('status');
      const environments = Object.values(byStatus).reduce((sum, count) => sum + count, 0);
      return { environments, byStatus, byPlatform: counted('platform'), byVersion: counted('version'), tunnels: counted('tunnel') };
    };
  },
};

export const fleetHistory: Query<SeriesAsked, FleetHistory> = {
  name: 'fleet-history',
  prepare: (database) => createFleetSeries(database),
};
