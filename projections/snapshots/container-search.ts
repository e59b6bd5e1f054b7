/** Containers across all environments, from their nodes' latest snapshots: those of now, or of an instant. */
import type { SQLInputValue } from 'node:sqlite';
import { createReach, type ReachCondition } from '../environments/reach.ts';
import { environmentRows } from '../environments/rows.ts';
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

const [now, past] = [
  { containers: 'containers', nodes: 'snapshot_nodes', environments: 'environments' },
  {
    containers: `(SELECT nodes.environmentId, nodes.nodeKey, value ->> 'id' AS id, value ->> 'name' AS name, value ->> 'image' AS image, value ->> 'state' AS state,
        value ->> 'health' AS health, value ->> 'exitCode' AS exitCode, value ->> 'createdAt' AS createdAt, value ->> 'stack' AS stack,
        lower(value ->> 'name') AS nameFolded, lower(value ->> 'image') AS imageFolded
      FROM ${snapshotNodeRows.asOf} AS nodes JOIN snapshot_contents AS contents ON contents.ordinal = nodes.contentOrdinal, json_each(contents.containers))`,
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
      const { sql, values } = conditions(input, reach.ofRows(input.tagsInReach));
      const place = after === null ? {} : { name0: after[0], name1: after[1], name2: after[2], name3: after[3] };
      const following = after === null ? '' : `AND (${keys}) > (:name0, :name1, :name2, :name3)`;
      // The page is cut before anything is looked up for it.
      const rows = database
        .prepare(
          `SELECT found.*, environments.name AS environmentName, nodes.hostname, nodes.takenAt
            FROM (SELECT * FROM ${containers} WHERE ${sql} ${following} ORDER BY ${keys} LIMIT :limit OFFSET :offset) AS found
            JOIN ${environments} AS environments ON environments.environmentId = found.environmentId
            JOIN ${nodes} AS nodes ON nodes.environmentId = found.environmentId AND nodes.nodeKey = found.nodeKey
            ORDER BY found.nameFolded, found.environmentId, found.nodeKey, found.id`,
        )
        .all({ ...values, ...place, limit: limit + 1, offset }) as unknown as ContainerRow[];
      const counted = database.prepare(`SELECT count(*) AS total FROM ${containers} WHERE ${sql}`).get(values);
      const shown = rows.slice(0, limit);
      const last = shown.at(-1);
      return {
        items: shown.map(containerView),
        next: rows.length > limit && last !== undefined ? [last.nameFolded, last.environmentId, last.nodeKey, last.id] : null,
        total: Number(counted?.['total']),
      };
    };
  },
};

function containerView({ environmentId, environmentName, nodeKey, hostname, takenAt, id, name, image, state, health, exitCode, createdAt, stack }: ContainerRow): ContainerView {
  return {
    environment: { id: environmentId, name: environmentName },
    node: nodeKey === '' ? null : nodeKey,
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
