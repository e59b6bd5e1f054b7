/**
 * Which environments have which tags, as lists ask: a small number stands for each set of tags that any environment ever had, and a question
 * brings a byte for each such number that says whether the set will do. So a row is found to have one of many tags by looking at one byte,
 * which costs a tenth of looking the tags up.
 */
import type { DatabaseSync } from 'node:sqlite';
import { onceForDatabase } from '../once-for-database.ts';

export const tagSetsSchema = `
  CREATE TABLE tag_sets (setId INTEGER PRIMARY KEY, tags TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE tag_set_members (tag TEXT NOT NULL, setId INTEGER NOT NULL, PRIMARY KEY (tag, setId)) STRICT, WITHOUT ROWID;
`;

export interface TagSets {
  /** The number of a set, whatever the order of its tags. Sets are numbered as the log brings them, and stay. */
  numberOf(tags: readonly string[]): number;
  write(): void;
  committed(): void;
}

/** Sets that stay in memory between batches, at most; then all go, and are looked up again. */
const setsKept = 10_000;

/** Opens the tables for the one projection that writes them. */
export function createTagSets(database: DatabaseSync): TagSets {
  const find = database.prepare('SELECT setId FROM tag_sets WHERE tags = ?');
  const insert = database.prepare('INSERT INTO tag_sets VALUES (?, ?)');
  const insertMember = database.prepare('INSERT INTO tag_set_members VALUES (?, ?)');
  const numbers = new Map<string, number>();
  let last = Number(database.prepare('SELECT ifnull(max(setId), 0) AS last FROM tag_sets').get()?.['last']);
  let added: { readonly setId: number; readonly key: string; readonly tags: readonly string[] }[] = [];

  return {
    numberOf(given) {
      const tags = [...new Set(given)].sort();
      const key = JSON.stringify(tags);
      const stored = numbers.get(key) ?? find.get(key)?.['setId'];
      const setId = stored === undefined ? ++last : Number(stored);
      if (stored === undefined) added.push({ setId, key, tags });
      numbers.set(key, setId);
      return setId;
    },

    write() {
      for (const { setId, key, tags } of added) {
        insert.run(setId, key);
        for (const tag of tags) insertMember.run(tag, setId);
      }
    },

    committed() {
      added = [];
      if (numbers.size > setsKept) numbers.clear();
    },
  };
}

/** For questions: which sets will do. */
export interface TagMarks {
  /** A byte for each set, the first one's first: 1 where it has one of the tags. What it gave is kept, and must not be changed. */
  ofSetsWithOneOf(tags: readonly string[]): Uint8Array;
}

/** SQL of whether a row's `tagSet` is marked in what is bound by that name. */
export function isMarked(parameter: string): string {
  return `substr(:${parameter}, tagSet, 1) = x'01'`;
}

/** Answers that are kept, at most: an operator asks with the same tags all day. */
const answersKept = 64;

/** Those of an open file. Sets never change, so that only new ones are looked at again. */
export const tagMarksOf: (database: DatabaseSync) => TagMarks = onceForDatabase(createTagMarks);

function createTagMarks(database: DatabaseSync): TagMarks {
  const newest = database.prepare('SELECT ifnull(max(setId), 0) AS setId FROM tag_sets');
  // As one text: many rows of their own take several times as long to read.
  const find = database.prepare('SELECT json_group_array(setId) AS sets FROM tag_set_members WHERE tag IN (SELECT value FROM json_each(?)) AND setId > ?');
  const answers = new Map<string, Uint8Array>();

  return {
    ofSetsWithOneOf(tags) {
      const key = JSON.stringify(tags);
      const known = answers.get(key) ?? new Uint8Array(0);
      const sets = Number(newest.get()?.['setId']);
      if (sets === known.length && answers.has(key)) return known;
      const marks = new Uint8Array(sets);
      marks.set(known);
      for (const setId of JSON.parse(String(find.get(key, known.length)?.['sets'])) as number[]) marks[setId - 1] = 1;
      if (answers.size >= answersKept) answers.clear();
      answers.set(key, marks);
      return marks;
    },
  };
}
