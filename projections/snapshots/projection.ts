/** Snapshots: how each node's stand, and what they held for as long as their events are kept. */
import type { DatabaseSync } from 'node:sqlite';
import { stacksOf, summaryOf } from '../../services/domain/snapshot.ts';
import type { EventPlace, Projection, ProjectionWriter } from '../projection.ts';
import { snapshotNodeRows, snapshotsSchema, type SnapshotContentRow, type SnapshotNodeRow } from './rows.ts';

export const snapshotsProjection: Projection = { name: 'snapshots', version: 1, schema: snapshotsSchema, open };

/** Names of stacks that are kept of one node, at most: they stay in memory. */
const stacksKept = 200;

const noFailure = { failureReason: null, failureDetail: null, failureAt: null };

function open(database: DatabaseSync): ProjectionWriter {
  const nodes = snapshotNodeRows.open(database);
  const insert = database.prepare('INSERT INTO snapshot_contents VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const remove = database.prepare('DELETE FROM snapshot_contents WHERE recordedAtMs < ?');
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

  function end(environmentId: string, place: EventPlace): void {
    for (const key of nodes.parts(environmentId)) nodes.end(place, environmentId, key);
  }

  return {
    on: {
      SnapshotRecorded({ environmentId, node, at, hostname, hash, content }, place) {
        const { ordinal, recordedAtMs } = place;
        const summary = JSON.stringify(summaryOf(content));
        contents.push({ environmentId, nodeKey: node ?? '', ordinal, recordedAtMs, takenAt: at, hostname, hash, summary, content: JSON.stringify(content) });
        const stacks = JSON.stringify(stacksOf(content).slice(0, stacksKept));
        change(place, environmentId, node, { hostname, takenAt: at, contentOrdinal: ordinal, summary, stacks, ...noFailure });
      },
      SnapshotUnchanged({ environmentId, node, at }, place) {
        // What it refers to may have expired.
        if ((nodes.get(environmentId, node ?? '')?.contentOrdinal ?? null) === null) return;
        change(place, environmentId, node, { takenAt: at, ...noFailure });
      },
      SnapshotFailed: ({ environmentId, node, at, reason, detail }, place) =>
        change(place, environmentId, node, { failureReason: reason, failureDetail: detail, failureAt: at }),
      SnapshotsExpired({ before }, place) {
        const beforeMs = Date.parse(before);
        expireBeforeMs = Math.max(expireBeforeMs ?? 0, beforeMs);
        for (const found of expired.all(beforeMs, before)) nodes.end(place, String(found['environmentId']), String(found['nodeKey']));
      },
      EnvironmentRemoved: ({ environmentId }, place) => end(environmentId, place),
    },

    write() {
      for (const { environmentId, nodeKey, ordinal, recordedAtMs, takenAt, hostname, hash, summary, content } of contents) {
        insert.run(environmentId, nodeKey, ordinal, recordedAtMs, takenAt, hostname, hash, summary, content);
      }
      if (expireBeforeMs !== undefined) remove.run(expireBeforeMs);
      nodes.write();
    },

    committed() {
      contents = [];
      expireBeforeMs = undefined;
      nodes.committed();
    },
  };
}
