/** Snapshots: how each node's stand, and what they held for as long as their events are kept. */
import type { DatabaseSync } from 'node:sqlite';
import { stacksOf, summaryOf } from '../../services/domain/snapshot.ts';
import { environmentRows } from '../environments/rows.ts';
import type { EventPlace, Projection, ProjectionWriter } from '../projection.ts';
import type { VersionedTables } from '../versioned-table.ts';
import { createLatestContainers } from './latest-containers.ts';
import { containerOf, snapshotNodeRows, snapshotsSchema, type SnapshotContentRow, type SnapshotNodeRow } from './rows.ts';

export const snapshotsProjection: Projection = { name: 'snapshots', version: 2, schema: snapshotsSchema, open };

/** Names of stacks that are kept of one node, at most: they stay in memory. */
const stacksKept = 200;

const noFailure = { failureReason: null, failureDetail: null, failureAt: null };

function open(database: DatabaseSync, tables: VersionedTables): ProjectionWriter {
  const nodes = tables.of(snapshotNodeRows);
  const environments = tables.of(environmentRows);
  const insert = database.prepare('INSERT INTO snapshot_contents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const latest = createLatestContainers(database);
  const remove = database.prepare('DELETE FROM snapshot_contents WHERE recordedAtMs < ?');
  // What only expired events told of is no part of the past any more: read models are a function of the events there are.
  const removePast = database.prepare(
    `DELETE FROM snapshot_nodes_past WHERE recordedFrom < ?1 OR contentOrdinal IN (SELECT ordinal FROM snapshot_contents WHERE recordedAtMs < ?1)`,
  );
  const keepFrom = database.prepare(
    'INSERT INTO snapshot_retention VALUES (1, ?) ON CONFLICT DO UPDATE SET keptFromMs = max(keptFromMs, excluded.keptFromMs)',
  );
  const expired = database.prepare(
    `SELECT environmentId, nodeKey FROM snapshot_nodes LEFT JOIN (SELECT ordinal, recordedAtMs FROM snapshot_contents) ON ordinal = contentOrdinal
      WHERE recordedAtMs < ?1 OR (contentOrdinal IS NULL AND failureAt < ?2)`,
  );
  let contents: SnapshotContentRow[] = [];
  let expireBeforeMs: number | undefined;

  function change(place: EventPlace, environmentId: string, node: string | null, changes: Partial<SnapshotNodeRow>): void {
    const nodeKey = node ?? '';
    const before = nodes.get(environmentId, nodeKey) ?? { hostname: nodeKey, takenAt: null, contentOrdinal: null, summary: null, stacks: null, ...noFailure };
    nodes.put({ ...before, environmentId, nodeKey, ...changes }, place);
  }

  /** A snapshot may be recorded just after its environment's removal. */
  function isGone(environmentId: string): boolean {
    return environments.get(environmentId) === undefined;
  }

  function end(environmentId: string, place: EventPlace): void {
    for (const key of nodes.parts(environmentId)) endNode(environmentId, key, place);
  }

  function endNode(environmentId: string, nodeKey: string, place: EventPlace): void {
    nodes.end(place, environmentId, nodeKey);
    latest.replace(environmentId, nodeKey, []);
  }

  return {
    on: {
      SnapshotRecorded({ environmentId, node, at, hostname, hash, content }, place) {
        if (isGone(environmentId)) return;
        const { ordinal, recordedAtMs } = place;
        const summary = JSON.stringify(summaryOf(content));
        const containers = content.containers.map(containerOf);
        latest.replace(environmentId, node ?? '', containers);
        const texts = { summary, content: JSON.stringify(content), containers: JSON.stringify(containers) };
        contents.push({ environmentId, nodeKey: node ?? '', ordinal, recordedAtMs, takenAt: at, hostname, hash, ...texts });
        const stacks = JSON.stringify(stacksOf(content).slice(0, stacksKept));
        change(place, environmentId, node, { hostname, takenAt: at, contentOrdinal: ordinal, summary, stacks, ...noFailure });
      },
      SnapshotUnchanged({ environmentId, node, at }, place) {
        // What it refers to may have expired.
        if (isGone(environmentId) || (nodes.get(environmentId, node ?? '')?.contentOrdinal ?? null) === null) return;
        change(place, environmentId, node, { takenAt: at, ...noFailure });
      },
      SnapshotFailed({ environmentId, node, at, reason, detail }, place) {
        if (!isGone(environmentId)) change(place, environmentId, node, { failureReason: reason, failureDetail: detail, failureAt: at });
      },
      SnapshotsExpired({ before }, place) {
        const beforeMs = Date.parse(before);
        expireBeforeMs = Math.max(expireBeforeMs ?? 0, beforeMs);
        for (const found of expired.all(beforeMs, before)) endNode(String(found['environmentId']), String(found['nodeKey']), place);
      },
      EnvironmentRemoved: ({ environmentId }, place) => end(environmentId, place),
    },

    write() {
      for (const { environmentId, nodeKey, ordinal, recordedAtMs, takenAt, hostname, hash, summary, content, containers } of contents) {
        insert.run(environmentId, nodeKey, ordinal, recordedAtMs, takenAt, hostname, hash, summary, content, containers);
      }
      nodes.write();
      latest.write();
      if (expireBeforeMs === undefined) return;
      keepFrom.run(expireBeforeMs);
      removePast.run(expireBeforeMs);
      remove.run(expireBeforeMs);
    },

    committed() {
      contents = [];
      expireBeforeMs = undefined;
      nodes.committed();
      latest.committed();
    },
  };
}
