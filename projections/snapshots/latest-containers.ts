/** The containers of each node's latest snapshot, as rows to search in. */
import type { DatabaseSync } from 'node:sqlite';
import type { FoundContainer } from './rows.ts';

export interface LatestContainers {
  /** From now on the node has these, and no others. */
  replace(environmentId: string, nodeKey: string, containers: readonly FoundContainer[]): void;
  write(): void;
  committed(): void;
}

interface NodeContainers {
  readonly environmentId: string;
  readonly nodeKey: string;
  readonly containers: readonly FoundContainer[];
}

/** Prepares writing the table `containers`. */
export function createLatestContainers(database: DatabaseSync): LatestContainers {
  const remove = database.prepare('DELETE FROM containers WHERE environmentId = ? AND nodeKey = ?');
  // Engines give an id once; one that does not is shown as it is last listed.
  const insert = database.prepare('INSERT OR REPLACE INTO containers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const replaced = new Map<string, NodeContainers>();

  return {
    replace: (environmentId, nodeKey, containers) => void replaced.set(`${environmentId}/${nodeKey}`, { environmentId, nodeKey, containers }),

    write() {
      for (const { environmentId, nodeKey, containers } of replaced.values()) {
        remove.run(environmentId, nodeKey);
        for (const { id, name, image, state, health, exitCode, createdAt, stack } of containers) {
          insert.run(environmentId, nodeKey, id, name, image, state, health, exitCode, createdAt, stack, name.toLowerCase(), image.toLowerCase());
        }
      }
    },

    committed: () => replaced.clear(),
  };
}
