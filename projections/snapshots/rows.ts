/** The tables of the snapshots projection. */
import type { SnapshotContainer } from '../../services/domain/snapshot.ts';
import { versionedTable } from '../versioned-table.ts';

/** How a node's snapshots stand: small, for it stays in memory; what they hold is in snapshot_contents. */
export interface SnapshotNodeRow {
  readonly environmentId: string;
  /** What stands for the environment. */
  readonly environmentNumber: number;
  /** The Swarm node, or '' where one engine stands alone. */
  readonly nodeKey: string;
  readonly hostname: string;
  /** When the engine was last seen so. */
  readonly takenAt: string;
  /** The row of snapshot_contents that says how. */
  readonly contentOrdinal: number;
  /** A SnapshotSummary as JSON. */
  readonly summary: string;
  /** The stacks' names as JSON, for they may span nodes. */
  readonly stacks: string;
}

export const snapshotNodeRows = versionedTable<SnapshotNodeRow>({
  name: 'snapshot_nodes',
  owner: 'environmentId',
  part: 'nodeKey',
  columns: {
    environmentId: 'TEXT',
    environmentNumber: 'INTEGER',
    nodeKey: 'TEXT',
    hostname: 'TEXT',
    takenAt: 'TEXT',
    contentOrdinal: 'INTEGER',
    summary: 'TEXT',
    stacks: 'TEXT',
  },
  soughtInPast: ['contentOrdinal', 'environmentNumber'],
});

/** Why a node's last snapshot came to nothing, until one comes. A table of its own: a failure and what was taken before it expire apart. */
export interface SnapshotFailureRow {
  readonly environmentId: string;
  readonly nodeKey: string;
  readonly reason: string;
  readonly detail: string;
  readonly at: string;
}

export const snapshotFailureRows = versionedTable<SnapshotFailureRow>({
  name: 'snapshot_failures',
  owner: 'environmentId',
  part: 'nodeKey',
  columns: { environmentId: 'TEXT', nodeKey: 'TEXT', reason: 'TEXT', detail: 'TEXT', at: 'TEXT' },
});

/** What SnapshotRecorded brought; it holds from its ordinal to the node's next one. */
export interface SnapshotContentRow {
  readonly environmentId: string;
  readonly nodeKey: string;
  readonly ordinal: number;
  readonly recordedAtMs: number;
  readonly takenAt: string;
  readonly hostname: string;
  readonly hash: string;
  readonly summary: string;
  /** A SnapshotContent as JSON. */
  readonly content: string;
  /** A JSON array of {@link containerOf} of each container: what is searched in the past. */
  readonly containers: string;
}

/** What searches show of a container. */
export interface FoundContainer {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly state: string;
  readonly health: string | null;
  readonly exitCode: number | null;
  readonly createdAt: string | null;
  /** Its Compose project or Swarm stack. */
  readonly stack: string | null;
}

export function containerOf({ id, name, image, state, health, exitCode, createdAt, labels }: SnapshotContainer): FoundContainer {
  const stack = labels['com.docker.compose.project'] ?? labels['com.docker.stack.namespace'] ?? null;
  return { id, name, image, state, health, exitCode, createdAt, stack };
}

/**
 * `containers` are those of each node's latest snapshot, each since that was recorded, in milliseconds since 1970: they are searched by a pass over a
 * narrow index.
 */
export const snapshotsSchema = `
  ${snapshotNodeRows.schema}
  ${snapshotFailureRows.schema}
  CREATE TABLE snapshot_contents (environmentId TEXT NOT NULL, nodeKey TEXT NOT NULL, ordinal INTEGER NOT NULL UNIQUE, recordedAtMs INTEGER NOT NULL,
    takenAt TEXT NOT NULL, hostname TEXT NOT NULL, hash TEXT NOT NULL, summary TEXT NOT NULL, content TEXT NOT NULL, containers TEXT NOT NULL) STRICT;
  CREATE INDEX snapshot_contents_by_environment ON snapshot_contents (environmentId, ordinal);
  CREATE INDEX snapshot_contents_by_age ON snapshot_contents (recordedAtMs);
  CREATE TABLE containers (environmentId TEXT NOT NULL, nodeKey TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, image TEXT NOT NULL, state TEXT NOT NULL,
    health TEXT, exitCode INTEGER, createdAt TEXT, stack TEXT, nameFolded TEXT NOT NULL, imageFolded TEXT NOT NULL, environmentNumber INTEGER NOT NULL,
    recordedFrom INTEGER NOT NULL, PRIMARY KEY (environmentId, nodeKey, id)) STRICT, WITHOUT ROWID;
  CREATE TABLE snapshot_retention (id INTEGER PRIMARY KEY CHECK (id = 1), keptFromMs INTEGER NOT NULL) STRICT;
  CREATE INDEX containers_by_name ON containers (nameFolded, environmentId, nodeKey, id, imageFolded, state, environmentNumber, recordedFrom);
`;
