/** The questions about environments. */
import type { DatabaseSync } from 'node:sqlite';
import type { PastAgent } from '../../services/domain/past-record.ts';
import type { EnvironmentView } from '../port.ts';
import type { Query } from '../projection.ts';
import { createSnapshotLookup } from '../snapshots/view.ts';
import { createTunnelLookup } from '../tunnels/view.ts';
import type { ListPlace } from './list-place.ts';
import { createListSelection, type ListInput } from './list-selection.ts';
import type { AgentRow, EnvironmentRow, RejectionRow } from './rows.ts';
import { environmentView } from './view.ts';

/** Prepares reading one environment in full. */
function createEnvironmentLookup(database: DatabaseSync): (environmentId: string) => EnvironmentView | undefined {
  const environments = database.prepare('SELECT * FROM environments WHERE environmentId = ?');
  const agents = database.prepare(
    `SELECT *, (SELECT max(lastPolledAt) FROM agent_polls AS polls
                 WHERE polls.environmentId = agents.environmentId AND polls.agentKey = agents.agentKey) AS lastPolledAt
       FROM agents WHERE environmentId = ? ORDER BY node, agentKey`,
  );
  const rejections = database.prepare('SELECT * FROM rejections WHERE environmentId = ?');
  const tunnelsOf = createTunnelLookup(database);
  const snapshotOf = createSnapshotLookup(database);

  return (environmentId) => {
    const environment = environments.get(environmentId) as EnvironmentRow | undefined;
    return (
      environment &&
      environmentView({
        environment,
        agents: agents.all(environmentId) as unknown as (AgentRow & { lastPolledAt: string | null })[],
        rejection: rejections.get(environmentId) as RejectionRow | undefined,
        tunnels: tunnelsOf(environmentId),
        snapshot: snapshotOf(environmentId),
      })
    );
  };
}

export const findEnvironment: Query<{ readonly environmentId: string }, EnvironmentView | null> = {
  name: 'find-environment',
  prepare(database) {
    const lookup = createEnvironmentLookup(database);
    return ({ environmentId }) => lookup(environmentId) ?? null;
  },
};

export const listEnvironments: Query<
  ListInput,
  { readonly items: readonly EnvironmentView[]; readonly next: ListPlace | null; readonly total: number }
> = {
  name: 'list-environments',
  prepare(database) {
    const selection = createListSelection(database);
    const lookup = createEnvironmentLookup(database);
    return (input) => {
      const { ids, next, total } = selection.page(input);
      return { items: ids.flatMap((id) => lookup(id) ?? []), next, total };
    };
  },
};

/** A page that begins after an environment; `next` is where the page after it does, or null at the end. */
interface KeyedPage<Item> {
  readonly items: readonly Item[];
  readonly next: string | null;
}

export const environmentNamesPage: Query<{ readonly after: string; readonly limit: number }, KeyedPage<{ readonly environmentId: string; readonly name: string }>> = {
  name: 'environment-names-page',
  prepare(database) {
    const select = database.prepare('SELECT environmentId, name FROM environments WHERE environmentId > ? ORDER BY environmentId LIMIT ?');
    return ({ after, limit }) => {
      const items = select.all(after, limit) as { environmentId: string; name: string }[];
      return { items, next: items.length < limit ? null : (items.at(-1)?.environmentId ?? null) };
    };
  },
};

export const agentsPage: Query<{ readonly after: string; readonly limit: number }, KeyedPage<PastAgent>> = {
  name: 'agents-page',
  prepare(database) {
    // Whole environments make a page: of `limit` environments all agents.
    const owners = database.prepare(
      'SELECT DISTINCT environmentId FROM agent_polls WHERE environmentId > ? ORDER BY environmentId LIMIT ?',
    );
    const select = database.prepare(
      `SELECT environmentId, node, instanceId, lastSequence, lastPolledAt, heartbeat, pollIntervalSeconds FROM agent_polls JOIN environments USING (environmentId)
        WHERE environmentId > ? AND environmentId <= ? ORDER BY environmentId, ifnull(lastPolledAt, ''), instanceId`,
    );
    return ({ after, limit }) => {
      const found = owners.all(after, limit);
      const last = found.at(-1)?.['environmentId'];
      if (last === undefined) return { items: [], next: null };
      const items = select.all(after, last) as unknown as PastAgent[];
      return { items, next: found.length < limit ? null : String(last) };
    };
  },
};
