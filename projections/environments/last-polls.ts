/**
 * When each environment's agents last polled, in the order of that, with all that lists filter by: a list by last poll is one pass over a
 * narrow index. Polls move a row a batch, not one each.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { EnvironmentRow } from './rows.ts';

/** `lastPolledAt` is '' before the first poll. */
export const lastPollsSchema = `
  CREATE TABLE last_polls (environmentId TEXT PRIMARY KEY, lastPolledAt TEXT NOT NULL, nameFolded TEXT NOT NULL, status TEXT NOT NULL,
    platform TEXT, tagSet INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX last_polls_by_time ON last_polls (lastPolledAt, environmentId, nameFolded, status, platform, tagSet);
`;

export interface LastPolls {
  /** The environment is so from now on, or gone. */
  changed(environmentId: string, row: EnvironmentRow | undefined): void;
  /** When its agents polled, or which of them there are, is another in agent_polls after this batch. */
  polled(environmentId: string): void;
  /** After agent_polls was written. */
  write(): void;
  committed(): void;
}

/** Opens the table for the one projection that writes it. */
export function createLastPolls(database: DatabaseSync): LastPolls {
  const newest = "(SELECT ifnull(max(lastPolledAt), '') FROM agent_polls WHERE environmentId = :environmentId)";
  const save = database.prepare(
    `INSERT INTO last_polls VALUES (:environmentId, ${newest}, :nameFolded, :status, :platform, :tagSet)
      ON CONFLICT DO UPDATE SET lastPolledAt = excluded.lastPolledAt, nameFolded = excluded.nameFolded, status = excluded.status,
        platform = excluded.platform, tagSet = excluded.tagSet`,
  );
  const move = database.prepare(`UPDATE last_polls SET lastPolledAt = ${newest} WHERE environmentId = :environmentId`);
  const remove = database.prepare('DELETE FROM last_polls WHERE environmentId = ?');
  const changes = new Map<string, EnvironmentRow | undefined>();
  const polls = new Set<string>();

  return {
    changed: (environmentId, row) => void changes.set(environmentId, row),
    polled: (environmentId) => void polls.add(environmentId),

    write() {
      for (const [environmentId, row] of changes) {
        if (row === undefined) remove.run(environmentId);
        else save.run({ environmentId, nameFolded: row.nameFolded, status: row.status, platform: row.platform, tagSet: row.tagSet });
      }
      for (const environmentId of polls) if (!changes.has(environmentId)) move.run({ environmentId });
    },

    committed() {
      changes.clear();
      polls.clear();
    },
  };
}
