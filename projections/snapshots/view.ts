/** Reads how an environment's snapshots stand, all its nodes together. */
import type { DatabaseSync } from 'node:sqlite';
import type { SnapshotSummary } from '../../services/domain/snapshot.ts';
import { nodeOf } from '../node-key.ts';
import type { SnapshotView } from '../port.ts';
import { snapshotFailureRows, snapshotNodeRows, type SnapshotFailureRow, type SnapshotNodeRow } from './rows.ts';

const nothing: SnapshotSummary = {
  stacks: 0,
  services: 0,
  containers: { total: 0, running: 0, stopped: 0, healthy: 0, unhealthy: 0 },
  volumes: 0,
  images: 0,
  cpus: 0,
  memoryBytes: 0,
};

/** Prepares reading one environment's; null where no event told of any. */
export function createSnapshotLookup(database: DatabaseSync): (environmentId: string) => SnapshotView | null {
  const [nodes, failures] = ['snapshot_nodes', 'snapshot_failures'].map((table) => database.prepare(`SELECT * FROM ${table} WHERE environmentId = ?`));
  return (environmentId) => snapshotView(nodes?.all(environmentId) as unknown as SnapshotNodeRow[], failures?.all(environmentId) as unknown as SnapshotFailureRow[]);
}

/** Prepares reading one environment's as of an instant, in milliseconds since 1970. */
export function createPastSnapshotLookup(database: DatabaseSync): (environmentId: string, asOf: number) => SnapshotView | null {
  const [nodes, failures] = [snapshotNodeRows, snapshotFailureRows].map((table) => database.prepare(`SELECT * FROM ${table.asOf} WHERE environmentId = :environmentId`));
  return (environmentId, asOf) => {
    const which = { environmentId, asOf };
    return snapshotView(nodes?.all(which) as unknown as SnapshotNodeRow[], failures?.all(which) as unknown as SnapshotFailureRow[]);
  };
}

function snapshotView(rows: readonly SnapshotNodeRow[], failures: readonly SnapshotFailureRow[]): SnapshotView | null {
  const keys = [...new Set([...rows, ...failures].map(({ nodeKey }) => nodeKey))].sort();
  if (keys.length === 0) return null;
  const summaries = rows.map(({ summary }) => JSON.parse(summary) as SnapshotSummary);
  const stacks = new Set(rows.flatMap(({ stacks: names }) => JSON.parse(names) as string[]));
  // One node alone may have more stacks than names are kept.
  const total = summaries.length === 1 ? (summaries[0] ?? nothing) : { ...summaries.reduce(add, nothing), stacks: stacks.size };
  return {
    takenAt: newest(rows.map(({ takenAt }) => takenAt)),
    summary: summaries.length === 0 ? null : total,
    lastFailure: failureOf(failures),
    nodes: keys.map((key) => {
      const row = rows.find(({ nodeKey }) => nodeKey === key);
      return {
        node: nodeOf(key),
        hostname: row?.hostname ?? key,
        takenAt: row?.takenAt ?? null,
        summary: row === undefined ? null : (JSON.parse(row.summary) as SnapshotSummary),
        lastFailure: failureOf(failures.filter(({ nodeKey }) => nodeKey === key)),
      };
    }),
  };
}

/** Services are told by each manager, and are the same. */
function add(a: SnapshotSummary, b: SnapshotSummary): SnapshotSummary {
  const { containers } = a;
  return {
    stacks: 0,
    services: Math.max(a.services, b.services),
    containers: {
      total: containers.total + b.containers.total,
      running: containers.running + b.containers.running,
      stopped: containers.stopped + b.containers.stopped,
      healthy: containers.healthy + b.containers.healthy,
      unhealthy: containers.unhealthy + b.containers.unhealthy,
    },
    volumes: a.volumes + b.volumes,
    images: a.images + b.images,
    cpus: a.cpus + b.cpus,
    memoryBytes: a.memoryBytes + b.memoryBytes,
  };
}

function failureOf(rows: readonly SnapshotFailureRow[]): SnapshotView['lastFailure'] {
  const last = newest(rows.map(({ at }) => at));
  const row = rows.find(({ at }) => at === last);
  return row === undefined ? null : { reason: row.reason, detail: row.detail, at: row.at };
}

function newest(instants: readonly (string | null)[]): string | null {
  return instants.reduce<string | null>((last, at) => (last === null || (at !== null && at > last) ? at : last), null);
}
