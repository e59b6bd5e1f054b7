/** Snapshots: how each node's stand, and what they held for as long as their events are kept. */
import type { DatabaseSync } from 'node:sqlite';
import { stacksOf, summaryOf } from '../../services/domain/snapshot.ts';
import { environmentRows } from '../environments/rows.ts';
import { nodeKeyOf } from '../node-key.ts';
import type { EventPlace, Projection, ProjectionWriter } from '../projection.ts';
import type { VersionedTables } from '../versioned-table.ts';
import { createLatestContainers } from './latest-containers.ts';
import { containerOf, snapshotFailureRows, snapshotNodeRows, snapshotsSchema, type SnapshotContentRow } from './rows.ts';

export const snapshotsProjection: Projection = { name: 'snapshots', version: 4, schema: snapshotsSchema, settledTypes: ['SnapshotsExpired'], open };

/** Names of stacks that are kept of one node, at most: they stay in memory. */
const stacksKept = 200;

function open(database: DatabaseSync, tables: VersionedTables): ProjectionWriter {
  const nodes = tables.of(snapshotNodeRows);
  const failures = tables.of(snapshotFailureRows);
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
  const removePastFailures = database.prepare('DELETE FROM snapshot_failures_past WHERE recordedFrom < ?');
  const expiredNodes = database.prepare(
    'SELECT environmentId, nodeKey FROM snapshot_nodes JOIN (SELECT ordinal, recordedAtMs FROM snapshot_contents) ON ordinal = contentOrdinal WHERE recordedAtMs < ?',
  );
  const expiredFailures = database.prepare('SELECT environmentId, nodeKey FROM snapshot_failures WHERE recordedFrom < ?');
  let contents: SnapshotContentRow[] = [];
  let expireBeforeMs: number | undefined;

  /** A snapshot may be recorded just after its environment's removal. */
  function isGone(environmentId: string): boolean {
    return environments.get(environmentId) === undefined;
  }

  function end(environmentId: string, place: EventPlace): void {
    for (const key of nodes.parts(environmentId)) endNode(environmentId, key, place);
    for (const key of failures.parts(environmentId)) failures.end(place, environmentId, key);
  }

  function endNode(environmentId: string, nodeKey: string, place: EventPlace): void {
    nodes.end(place, environmentId, nodeKey);
    latest.remove(environmentId, nodeKey);
  }

  return {
    on: {
      SnapshotRecorded({ environmentId, node, at, hostname, hash, content }, place) {
        const environment = environments.get(environmentId);
        if (environment === undefined) return;
        const { environmentNumber } = environment;
        const { ordinal, recordedAtMs } = place;
        const summary = JSON.stringify(summaryOf(content));
        const containers = content.containers.map(containerOf);
        latest.replace({ environmentId, environmentNumber, nodeKey: nodeKeyOf(node), recordedFrom: recordedAtMs, containers });
        const texts = { summary, content: JSON.stringify(content), containers: JSON.stringify(containers) };
        contents.push({ environmentId, nodeKey: nodeKeyOf(node), ordinal, recordedAtMs, takenAt: at, hostname, hash, ...texts });
        const stacks = JSON.stringify(stacksOf(content).slice(0, stacksKept));
        nodes.put({ environmentId, environmentNumber, nodeKey: nodeKeyOf(node), hostname, takenAt: at, contentOrdinal: ordinal, summary, stacks }, place);
        failures.end(place, environmentId, nodeKeyOf(node));
      },
      SnapshotUnchanged({ environmentId, node, at }, place) {
        if (isGone(environmentId)) return;
        failures.end(place, environmentId, nodeKeyOf(node));
        // What it refers to may have expired.
        const row = nodes.get(environmentId, nodeKeyOf(node));
        if (row !== undefined) nodes.put({ ...row, takenAt: at }, place);
      },
      SnapshotFailed({ environmentId, node, at, reason, detail }, place) {
        if (!isGone(environmentId)) failures.put({ environmentId, nodeKey: nodeKeyOf(node), reason, detail, at }, place);
      },
      SnapshotsExpired({ before }, place) {
        const beforeMs = Date.parse(before);
        expireBeforeMs = Math.max(expireBeforeMs ?? 0, beforeMs);
        for (const found of expiredNodes.all(beforeMs)) endNode(String(found['environmentId']), String(found['nodeKey']), place);
        for (const found of expiredFailures.all(beforeMs)) failures.end(place, String(found['environmentId']), String(found['nodeKey']));
      },
      EnvironmentRemoved: ({ environmentId }, place) => end(environmentId, place),
    },

    write() {
      for (const { environmentId, nodeKey, ordinal, recordedAtMs, takenAt, hostname, hash, summary, content, containers } of contents) {
        insert.run(environmentId, nodeKey, ordinal, recordedAtMs, takenAt, hostname, hash, summary, content, containers);
      }
      nodes.write();
      failures.write();
      latest.write();
      if (expireBeforeMs === undefined) return;
      keepFrom.run(expireBeforeMs);
      removePast.run(expireBeforeMs);
      removePastFailures.run(expireBeforeMs);
      remove.run(expireBeforeMs);
    },

    committed() {
      contents = [];
      expireBeforeMs = undefined;
      nodes.committed();
      failures.committed();
      latest.committed();
    },
  };
}
