/** The questions about the fleet as a whole: how it stands, stood, and changed. */
import { createReach } from '../environments/reach.ts';
import { agentRows, environmentRows } from '../environments/rows.ts';
import type { FleetCounts, FleetHistory } from '../port.ts';
import type { Query } from '../projection.ts';
import { tunnelRows } from '../tunnels/rows.ts';
import { createFleetSeries, type SeriesAsked } from './series.ts';

interface Tables {
  readonly environments: string;
  readonly agents: string;
  readonly tunnels: string;
}

const now: Tables = { environments: 'environments', agents: 'agents', tunnels: 'tunnels' };
const then: Tables = { environments: environmentRows.asOf, agents: agentRows.asOf, tunnels: tunnelRows.asOf };

/** How the fleet stands, or stood at `atMs`: exactly, for these counts owe nothing to polls. */
export const countFleet: Query<{ readonly atMs?: number; readonly tagsInReach?: readonly string[] }, FleetCounts> = {
  name: 'count-fleet',
  prepare: (database) => {
    const reach = createReach(database);
    return ({ atMs, tagsInReach }) => {
      const { environments, agents, tunnels } = atMs === undefined ? now : then;
      const inReach = reach.ofRows(tagsInReach);
      const values = { ...inReach?.values, ...(atMs === undefined ? {} : { asOf: atMs }) };
      const counted = (column: string, table: string, condition = 'true'): Record<string, number> => {
        const fits = table === 'environments' ? reach.ofEnvironments(tagsInReach) : inReach;
        const sql = `SELECT ${column} AS value, count(*) AS count FROM ${table} WHERE ${condition} AND ${fits?.sql ?? 'true'} GROUP BY ${column} ORDER BY ${column}`;
        return Object.fromEntries(database.prepare(sql).all(values).map(({ value, count }) => [String(value), Number(count)]));
      };
      const byStatus = counted('status', environments);
      return {
        environments: Object.values(byStatus).reduce((sum, count) => sum + count, 0),
        byStatus,
        byPlatform: counted('platform', environments, 'platform IS NOT NULL'),
        byVersion: counted('version', agents),
        tunnels: counted('state', tunnels, "state <> 'closed'"),
      };
    };
  },
};

export const fleetHistory: Query<SeriesAsked, FleetHistory> = {
  name: 'fleet-history',
  prepare: (database) => createFleetSeries(database),
};
