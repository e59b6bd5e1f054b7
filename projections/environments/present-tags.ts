/**
 * Which set of tags each environment has now, for questions about rows that are not its newest: those of the past, and of its agents, tunnels
 * and containers. A small number stands for each environment that ever was, and such a row has it: so whether its environment has one of many
 * tags now is seen by looking at one byte, as with the numbers of sets.
 */
import type { DatabaseSync } from 'node:sqlite';
import { onceForDatabase } from '../once-for-database.ts';
import type { RowWatcher } from '../versioned-table.ts';
import type { EnvironmentRow } from './rows.ts';
import { tagMarksOf } from './tag-sets.ts';

/** `tagSet` is 0 once the environment is removed. */
export const presentTagsSchema = `
  CREATE TABLE present_tags (environmentNumber INTEGER PRIMARY KEY, environmentId TEXT NOT NULL, tagSet INTEGER NOT NULL, changedOrdinal INTEGER NOT NULL) STRICT;
  CREATE INDEX present_tags_by_change ON present_tags (changedOrdinal, environmentNumber, tagSet);
`;

export interface PresentTags {
  /** For a new environment. They are given as the log brings environments, from 1 on without gaps, and none twice. */
  nextNumber(): number;
  /** To hear of each change of an environment's row. */
  readonly watch: RowWatcher<EnvironmentRow>;
  write(): void;
  committed(): void;
}

/** Opens the table for the one projection that writes it. */
export function createPresentTags(database: DatabaseSync): PresentTags {
  const save = database.prepare('INSERT OR REPLACE INTO present_tags VALUES (?, ?, ?, ?)');
  const changes = new Map<number, { readonly environmentId: string; readonly tagSet: number; readonly ordinal: number }>();
  let last = Number(database.prepare('SELECT ifnull(max(environmentNumber), 0) AS last FROM present_tags').get()?.['last']);

  return {
    nextNumber: () => ++last,

    watch(before, after, { ordinal }) {
      const row = after ?? before;
      if (row === undefined || before?.tagSet === after?.tagSet) return;
      changes.set(row.environmentNumber, { environmentId: row.environmentId, tagSet: after?.tagSet ?? 0, ordinal });
    },

    write() {
      for (const [environmentNumber, { environmentId, tagSet, ordinal }] of changes) save.run(environmentNumber, environmentId, tagSet, ordinal);
    },

    committed: () => changes.clear(),
  };
}

/** For questions: which environments will do. */
export interface EnvironmentMarks {
  /** A byte for each environment that ever was, the first one's first: 1 where it has one of the tags now; and how many have. */
  ofThoseWithOneOf(tags: readonly string[]): { readonly marks: Uint8Array; readonly marked: number };
}

/** SQL of the ids of the environments whose numbers are bound by that name, as a JSON array: a list in brackets. */
export function idsOfNumbers(parameter: string): string {
  return `(SELECT environmentId FROM present_tags WHERE environmentNumber IN (SELECT value FROM json_each(:${parameter})))`;
}

/** SQL of whether the environment of a row with its `environmentNumber` is marked in what is bound by that name. */
export function isMarkedEnvironment(parameter: string): string {
  return `substr(:${parameter}, environmentNumber, 1) = x'01'`;
}

/** Those of an open file. */
export const environmentMarksOf: (database: DatabaseSync) => EnvironmentMarks = onceForDatabase(createEnvironmentMarks);

/** Keeps four bytes for each environment that ever was, and reads again only what changed since the question before. */
function createEnvironmentMarks(database: DatabaseSync): EnvironmentMarks {
  // Each by a look at the end of an index; both of one SELECT would be a look at every row.
  const newest = database.prepare(
    'SELECT (SELECT ifnull(max(environmentNumber), 0) FROM present_tags) AS number, (SELECT ifnull(max(changedOrdinal), 0) FROM present_tags) AS ordinal',
  );
  // As two texts: a hundred thousand rows of their own take four times as long to read.
  const changed = database.prepare(
    'SELECT json_group_array(environmentNumber) AS numbers, json_group_array(tagSet) AS tagSets FROM present_tags WHERE changedOrdinal > ?',
  );
  const sets = tagMarksOf(database);
  let tagSetOf = new Uint32Array(0);
  let count = 0;
  let seenOrdinal = 0;

  function catchUp(): void {
    const { number, ordinal } = newest.get() as { number: number; ordinal: number };
    if (ordinal === seenOrdinal) return;
    if (number > tagSetOf.length) {
      const grown = new Uint32Array(Math.ceil(number * 1.2));
      grown.set(tagSetOf);
      tagSetOf = grown;
    }
    const { numbers, tagSets } = changed.get(seenOrdinal) as { numbers: string; tagSets: string };
    const values = JSON.parse(tagSets) as number[];
    (JSON.parse(numbers) as number[]).forEach((one, index) => (tagSetOf[one - 1] = values[index] ?? 0));
    count = number;
    seenOrdinal = ordinal;
  }

  return {
    ofThoseWithOneOf(tags) {
      catchUp();
      const isSetMarked = sets.ofSetsWithOneOf(tags);
      const marks = new Uint8Array(count);
      let marked = 0;
      for (let index = 0; index < count; index += 1) {
        const mark = isSetMarked[(tagSetOf[index] ?? 0) - 1] ?? 0;
        marks[index] = mark;
        marked += mark;
      }
      return { marks, marked };
    },
  };
}
