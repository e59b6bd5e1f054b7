/** Containers across all environments, from their nodes' latest snapshots: those of now, or of an instant. */
import type { SQLInputValue } from 'node:sqlite';
import { createReach, type ReachCondition } from '../environments/reach.ts';
import { environmentRows } from '../environments/rows.ts';
import { nodeOf } from '../node-key.ts';
import type { ContainerListQuery, ContainerView } from '../port.ts';
import type { Query } from '../projection.ts';
import { snapshotNodeRows, type FoundContainer } from './rows.ts';

/** Where a page of containers ended: folded name, environment, node, id. */
export type ContainerPlace = readonly [string, string, string, string];

export type ContainerSearch = Omit<ContainerListQuery, 'cursor'> & { readonly after: ContainerPlace | null; readonly atMs?: number };

interface ContainerRow extends FoundContainer {
  readonly environmentId: string;
  readonly nodeKey: string;
  readonly nameFolded: string;
  readonly environmentName: string;
  readonly hostname: string;
  readonly takenAt: string;
}

/**
 * Of an instant: those of now that were there already, for a node's containers stay until another snapshot takes their place; and of the nodes that
 * had another one then, what that held.
 */
const columns = 'environmentId, nodeKey, id, name, image, state, health, exitCode, createdAt, stack, nameFolded, imageFolded, environmentNumber';
const [now, past] = [
  { containers: 'containers', nodes: 'snapshot_nodes', environments: 'environments' },
  {
    containers: `(SELECT ${columns} FROM containers WHERE recordedFrom <= :asOf UNION ALL
      SELECT nodes.environmentId, nodes.nodeKey, value ->> 'id', value ->> 'name', value ->> 'image', value ->> 'state', value ->> 'health', value ->> 'exitCode',
        value ->> 'createdAt', value ->> 'stack', lower(value ->> 'name'), lower(value ->> 'image'), nodes.environmentNumber
      FROM snapshot_nodes_past AS nodes JOIN snapshot_contents AS contents ON contents.ordinal = nodes.contentOrdinal, json_each(contents.containers)
      WHERE recordedTo > :asOf AND recordedFrom <= :asOf AND contentOrdinal IS NOT (
        SELECT contentOrdinal FROM snapshot_nodes WHERE snapshot_nodes.environmentId = nodes.environmentId AND snapshot_nodes.nodeKey = nodes.nodeKey))`,
    nodes: snapshotNodeRows.asOf,
    environments: environmentRows.asOf,
  },
];

const keys = 'nameFolded, environmentId, nodeKey, id';

function conditions({ name, image, state, environmentId, atMs }: ContainerSearch, reach: ReachCondition | undefined): { readonly sql: string; readonly values: Record<string, SQLInputValue> } {
  const parts = ['true'];
  const values: Record<string, SQLInputValue> = {};
  const add = (condition: string, key: string, value: string) => {
    parts.push(condition);
    values[key] = value;
  };
  if (environmentId !== undefined) add('environmentId = :environmentId', 'environmentId', environmentId);
  if (state !== undefined) add('state = :state', 'state', state);
  if (name !== undefined) add('instr(nameFolded, :name) > 0', 'name', name.toLowerCase());
  if (image !== undefined) add('instr(imageFolded, :image) > 0', 'image', image.toLowerCase());
  if (atMs !== undefined) values['asOf'] = atMs;
  if (reach !== undefined) {
    parts.push(reach.sql);
    Object.assign(values, reach.values);
  }
  return { sql: parts.join(' AND '), values };
}

export const searchContainers: Query<ContainerSearch, { readonly items: readonly ContainerView[]; readonly next: ContainerPlace | null; readonly total: number }> = {
  name: 'search-containers',
  prepare(database) {
    const reach = createReach(database);
    return (input) => {
      const { atMs, after, limit, offset = 0 } = input;
      const { containers, nodes, environments } = atMs === undefined ? now : past;
      const { sql, values } = conditions(input, reach.ofNumbered(input.tagsInReach));
      const place = after === null ? {} : { name0: after[0], name1: after[1], name2: after[2], name3: after[3] };
      const following = after === null ? '' : `AND (${keys}) > (:name0, :name1, :name2, :name3)`;
      const found = database
        .prepare(`SELECT ${keys} FROM ${containers} WHERE ${sql} ${following} ORDER BY ${keys} LIMIT :limit OFFSET :offset`)
        .all({ ...values, ...place, limit: limit + 1, offset }) as { nameFolded: string; environmentId: string; nodeKey: string; id: string }[];
      const shown = found.slice(0, limit);
      // Whatever else is shown is looked up for what is on the page alone.
      const look = database.prepare(
        `SELECT found.*, environments.name AS environmentName, nodes.hostname, nodes.takenAt
          FROM (SELECT * FROM ${containers} WHERE environmentId = :environmentId AND nodeKey = :nodeKey AND id = :id LIMIT 1) AS found,
            (SELECT name FROM ${environments} WHERE environmentId = :environmentId) AS environments,
            (SELECT hostname, takenAt FROM ${nodes} WHERE environmentId = :environmentId AND nodeKey = :nodeKey) AS nodes`,
      );
      const then = atMs === undefined ? {} : { asOf: atMs };
      const items = shown.flatMap(({ environmentId, nodeKey, id }) => (look.get({ environmentId, nodeKey, id, ...then }) as ContainerRow | undefined) ?? []);
      const counted = database.prepare(`SELECT count(*) AS total FROM ${containers} WHERE ${sql}`).get(values);
      const last = shown.at(-1);
      return {
        items: items.map(containerView),
        next: found.length > limit && last !== undefined ? [last.nameFolded, last.environmentId, last.nodeKey, last.id] : null,
        total: Number(counted?.['total']),
      };
    };
  },
};

function containerView({ environmentId, environmentName, nodeKey, hostname, takenAt, id, name, image, state, health, exitCode, createdAt, stack }: ContainerRow): ContainerView {
  return {
    environment: { id: environmentId, name: environmentName },
    node: nodeOf(nodeKey),
    hostname,
    id,
    name,
    image,
    state,
    health,
    exitCode,
    createdAt,
    stack,
    takenAt,
  };
}
