/** Brings the file of an earlier version up to the present format, in one transaction: it is the old one or the new one. */
import type { DatabaseSync } from 'node:sqlite';
import { packChecks } from './leaf-checks.ts';
import { createRecordedLeaves, leavesOf } from './recorded-leaves.ts';

/** What format 2 has beyond 1: each group's checks, and a second copy, inverted, of the numbers that no hash covers. */
export const formatTwoColumns = `
  ALTER TABLE event_groups ADD COLUMN checks BLOB NOT NULL DEFAULT x'';
  ALTER TABLE event_groups ADD COLUMN totals_check INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE streams ADD COLUMN removed_check INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE categories ADD COLUMN removed_check INTEGER NOT NULL DEFAULT -1;
`;

/** Format 1 to 2. The caller's thread reads the whole log once; what was altered before is not made good by it. */
export function upgradeFromOne(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec(formatTwoColumns);
    database.exec(`
      UPDATE streams SET removed_check = ~removed_through;
      UPDATE categories SET removed_check = ~removed_before;
      UPDATE event_groups SET totals_check = ~(created + events_so_far + bytes_so_far);
    `);
    fillChecks(database);
    database.exec('PRAGMA user_version = 2; COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function fillChecks(database: DatabaseSync): void {
  const recorded = createRecordedLeaves(database);
  const groupsAfter = database.prepare('SELECT first_position, last_position FROM event_groups WHERE first_position > ? ORDER BY first_position LIMIT 1000');
  const setChecks = database.prepare('UPDATE event_groups SET checks = ? WHERE first_position = ?');
  for (let after = 0; ; ) {
    const groups = groupsAfter.all(after);
    for (const group of groups) {
      const first = Number(group['first_position']);
      const leaves = leavesOf(recorded, first, Number(group['last_position']));
      // Of a group that expired nothing is left to name.
      if (leaves.some((leaf) => leaf !== undefined)) setChecks.run(packChecks(leaves), first);
      after = first;
    }
    if (groups.length === 0) return;
  }
}
