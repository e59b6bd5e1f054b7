/** The questions about the fleet as a whole: how it stands, stood, and changed. */
import { createReach } from '../environments/reach.ts';
import { agentRows, environmentRows } from '../environments/rows.ts';
import type { FleetCounts, FleetHistory } from '../port.ts';
import type { Query } from '../projection.ts';
import { tunnelRows } from '../tunnels/rows.ts';
import type { VersionedTable } from '../versioned-table.ts';
import { createFleetSeries, type SeriesAsked } from './series.ts';

/** How the fleet stands, or stood at `atMs`: exactly, for these counts owe nothing to polls. */
export const countFleet: Query<{ readonly atMs?: number; readonly tagsInReach?: readonly string[] }, FleetCounts> = {
  name: 'count-fleet',
  prepare: (database) => {
    const reach = createReach(database);
    return ({ atMs, tagsInReach }) => {
      const inReach = reach.ofNumbered(tagsInReach);
      const values = { ...inReach?.values, ...(atMs === undefined ? {} : { asOf: atMs }) };
      const counted = <Row extends object>(table: VersionedTable<Row>, column: keyof Row & string, condition = 'true'): Record<string, number> => {
        const fits = `${condition} AND ${inReach?.sql ?? 'true'}`;
        const sql = atMs === undefined ? `SELECT ${column} AS value, count(*) AS count FROM ${table.name} WHERE ${fits} GROUP BY ${column} ORDER BY ${column}` : table.countByAsOf(column, fits);
        return Object.fromEntries(database.prepare(sql).all(values).map(({ value, count }) => [String(value), Number(count)]));
      };
      const byStatus = counted(environmentRows, 'status');
      return {
        environments: Object.values(byStatus).reduce((sum, count) => sum + count, 0),
        byStatus,
        byPlatform: counted(environmentRows, 'platform', 'platform IS NOT NULL'),
        byVersion: counted(agentRows, 'version'),
        tunnels: counted(tunnelRows, 'state', "state <> 'closed'"),
      };
    };
  },
};

export const fleetHistory: Query<SeriesAsked, FleetHistory> = {
  name: 'fleet-history',
  prepare: (database) => createFleetSeries(database),
};
