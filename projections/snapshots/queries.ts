/** The questions about snapshots. */
import type { PastSnapshot } from '../../services/domain/past-record.ts';
import type { SnapshotContent, SnapshotSummary } from '../../services/domain/snapshot.ts';
import { nodeOf, prepareNodePages, type NodePlace } from '../node-key.ts';
import type { SnapshotHistoryItem, SnapshotView, TakenSnapshot } from '../port.ts';
import type { Query } from '../projection.ts';
import { forever } from '../versioned-table.ts';
import { snapshotNodeRows, type SnapshotContentRow } from './rows.ts';
import { createPastSnapshotLookup, createSnapshotLookup } from './view.ts';

/** `atMs` asks as of an instant, in milliseconds since 1970. */
interface SnapshotAsked {
  readonly environmentId: string;
  readonly node: string | undefined;
  readonly atMs?: number;
}

export const findSnapshot: Query<SnapshotAsked, (TakenSnapshot & { readonly environment: SnapshotView }) | null> = {
  name: 'find-snapshot',
  prepare(database) {
    const [lookup, pastLookup] = [createSnapshotLookup(database), createPastSnapshotLookup(database)];
    // Without a node asked for: the one that tells of the Swarm, else the newest.
    const select = (nodes: string) =>
      database.prepare(
        `SELECT contents.*, nodes.takenAt AS confirmedAt FROM ${nodes} AS nodes JOIN snapshot_contents AS contents ON contents.ordinal = nodes.contentOrdinal
          WHERE nodes.environmentId = :environmentId AND (:node IS NULL OR nodes.nodeKey = :node)
          ORDER BY json_array_length(contents.content, '$.nodes') > 0 DESC, nodes.takenAt DESC LIMIT 1`,
      );
    const [now, then] = [select('snapshot_nodes'), select(snapshotNodeRows.asOf)];
    return ({ environmentId, node, atMs }) => {
      const environment = atMs === undefined ? lookup(environmentId) : pastLookup(environmentId, atMs);
      const asked = { environmentId, node: node ?? null };
      const row = (atMs === undefined ? now.get(asked) : then.get({ ...asked, asOf: atMs })) as (SnapshotContentRow & { confirmedAt: string }) | undefined;
      if (environment === null || row === undefined) return null;
      const { nodeKey, hostname, takenAt, hash, summary, content, confirmedAt } = row;
      return {
        environment,
        node: nodeOf(nodeKey),
        hostname,
        takenAt: confirmedAt,
        changedAt: takenAt,
        hash,
        summary: JSON.parse(summary) as SnapshotSummary,
        content: JSON.parse(content) as SnapshotContent,
      };
    };
  },
};

export const listSnapshots: Query<
  { readonly environmentId: string; readonly before: number; readonly limit: number; readonly atMs?: number },
  { readonly items: readonly SnapshotHistoryItem[]; readonly next: number | null; readonly total: number }
> = {
  name: 'list-snapshots',
  prepare(database) {
    const select = database.prepare(
      `SELECT ordinal, nodeKey, hostname, takenAt, recordedAtMs, hash, summary, length(CAST(content AS BLOB)) AS bytes FROM snapshot_contents
        WHERE environmentId = ? AND recordedAtMs <= ? AND ordinal < ? ORDER BY ordinal DESC LIMIT ?`,
    );
    const count = database.prepare('SELECT count(*) AS total FROM snapshot_contents WHERE environmentId = ? AND recordedAtMs <= ?');
    return ({ environmentId, before, limit, atMs = forever }) => {
      const rows = select.all(environmentId, atMs, before, limit + 1) as unknown as (SnapshotContentRow & { bytes: number })[];
      const shown = rows.slice(0, limit);
      const items = shown.map(({ nodeKey, hostname, takenAt, recordedAtMs, hash, summary, bytes }) => ({
        node: nodeOf(nodeKey),
        hostname,
        takenAt,
        recordedAt: new Date(recordedAtMs).toISOString(),
        hash,
        bytes,
        summary: JSON.parse(summary) as SnapshotSummary,
      }));
      return { items, next: rows.length > limit ? (shown.at(-1)?.ordinal ?? null) : null, total: Number(count.get(environmentId, atMs)?.['total']) };
    };
  },
};

export const pastSnapshotsPage: Query<
  { readonly after: NodePlace; readonly limit: number },
  { readonly items: readonly PastSnapshot[]; readonly next: NodePlace | null }
> = {
  name: 'past-snapshots-page',
  prepare(database) {
    const read = prepareNodePages<NodePlace & Pick<PastSnapshot, 'takenAt'>>(database, 'snapshot_nodes', { columns: ['takenAt'] });
    return (asked) => {
      const { rows, next } = read(asked);
      return { items: rows.map(({ environmentId, nodeKey, takenAt }) => ({ environmentId, node: nodeOf(nodeKey), takenAt })), next };
    };
  },
};
