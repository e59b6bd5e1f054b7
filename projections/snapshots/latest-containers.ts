/** The containers of each node's latest snapshot, as rows to search in. */
import type { DatabaseSync } from 'node:sqlite';
import type { FoundContainer } from './rows.ts';

export interface LatestContainers {
  /** From now on the node has these, and no others. */
  replace(node: NodeContainers): void;
  /** From now on the node has none. */
  remove(environmentId: string, nodeKey: string): void;
  write(): void;
  committed(): void;
}

/** A node's containers. */
export interface NodeContainers {
  readonly environmentId: string;
  readonly environmentNumber: number;
  readonly nodeKey: string;
  /** When the snapshot was recorded, in milliseconds since 1970. */
  readonly recordedFrom: number;
  readonly containers: readonly FoundContainer[];
}

/** Prepares writing the table `containers`. */
export function createLatestContainers(database: DatabaseSync): LatestContainers {
  const remove = database.prepare('DELETE FROM containers WHERE environmentId = ? AND nodeKey = ?');
  // Engines give an id once; one that does not is shown as it is last listed.
  const insert = database.prepare('INSERT OR REPLACE INTO containers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const replaced = new Map<string, NodeContainers>();

  const replace = (node: NodeContainers) => void replaced.set(`${node.environmentId}/${node.nodeKey}`, node);

  return {
    replace,
    remove: (environmentId, nodeKey) => replace({ environmentId, environmentNumber: 0, nodeKey, recordedFrom: 0, containers: [] }),

    write() {
      for (const { environmentId, environmentNumber, nodeKey, recordedFrom, containers } of replaced.values()) {
        remove.run(environmentId, nodeKey);
        for (const { id, name, image, state, health, exitCode, createdAt, stack } of containers) {
          insert.run(environmentId, nodeKey, id, name, image, state, health, exitCode, createdAt, stack, name.toLowerCase(), image.toLowerCase(), environmentNumber, recordedFrom);
        }
      }
    },

    committed: () => replaced.clear(),
  };
}
