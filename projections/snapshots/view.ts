/** Reads how an environment's snapshots stand, all its nodes together. */
import type { DatabaseSync } from 'node:sqlite';
import type { SnapshotSummary } from '../../services/domain/snapshot.ts';
import type { SnapshotView } from '../port.ts';
import { snapshotNodeRows, type SnapshotNodeRow } from './rows.ts';

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
  const select = database.prepare('SELECT * FROM snapshot_nodes WHERE environmentId = ? ORDER BY nodeKey');
  return (environmentId) => {
    const rows = select.all(environmentId) as unknown as SnapshotNodeRow[];
    return rows.length === 0 ? null : snapshotView(rows);
  };
}

/** Prepares reading one environment's as of an instant, in milliseconds since 1970. */
export function createPastSnapshotLookup(database: DatabaseSync): (environmentId: string, asOf: number) => SnapshotView | null {
  const select = database.prepare(`SELECT * FROM ${snapshotNodeRows.asOf} WHERE environmentId = :environmentId ORDER BY nodeKey`);
  return (environmentId, asOf) => {
    const rows = select.all({ environmentId, asOf }) as unknown as SnapshotNodeRow[];
    return rows.length === 0 ? null : snapshotView(rows);
  };
}

function snapshotView(rows: readonly SnapshotNodeRow[]): SnapshotView {
  const summaries = rows.flatMap(({ summary }) => (summary === null ? [] : [JSON.parse(summary) as SnapshotSummary]));
  const stacks = new Set(rows.flatMap(({ stacks: names }) => (names === null ? [] : (JSON.parse(names) as string[]))));
  // One node alone may have more stacks than names are kept.
  const total = summaries.length === 1 ? (summaries[0] ?? nothing) : { ...summaries.reduce(add, nothing), stacks: stacks.size };
  return {
    takenAt: newest(rows.map(({ takenAt }) => takenAt)),
    summary: summaries.length === 0 ? null : total,
    lastFailure: failureOf(rows),
    nodes: rows.map((row) => ({
      node: row.nodeKey === '' ? null : row.nodeKey,
      hostname: row.hostname,
      takenAt: row.takenAt,
      summary: row.summary === null ? null : (JSON.parse(row.summary) as SnapshotSummary),
      lastFailure: failureOf([row]),
    })),
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

function failureOf(rows: readonly SnapshotNodeRow[]): SnapshotView['lastFailure'] {
  const at = newest(rows.map(({ failureAt }) => failureAt));
  const row = rows.find(({ failureAt }) => failureAt === at);
  return at === null || row === undefined ? null : { reason: row.failureReason ?? '', detail: row.failureDetail ?? '', at };
}

function newest(instants: readonly (string | null)[]): string | null {
  return instants.reduce<string | null>((last, at) => (last === null || (at !== null && at > last) ? at : last), null);
}
