/** Whom an answer may know of: environments that have one of some tags now, also where their past is asked for. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { environmentMarksOf, idsOfNumbers, isMarkedEnvironment } from './present-tags.ts';
import { isMarked, tagMarksOf } from './tag-sets.ts';

/** A condition on rows, and what it binds. */
export interface ReachCondition {
  readonly sql: string;
  readonly values: Readonly<Record<string, SQLInputValue>>;
}

/** Conditions for whoever may know of environments with one of these tags. Undefined where every environment is in reach; then nothing needs to be checked. */
export interface Reach {
  /** On the rows of environments as they are now: one look at an index that a list goes by anyway. */
  ofEnvironments(tagsInReach: readonly string[] | undefined): ReachCondition | undefined;
  /** On rows, of now or of then, with the id of an environment and its number. */
  ofNumbered(tagsInReach: readonly string[] | undefined): ReachCondition | undefined;
  /** On rows of a table that name an environment by its id alone: for lists that end with a page, for each row costs a look at the environment's. */
  ofRows(table: string, tagsInReach: readonly string[] | undefined): ReachCondition | undefined;
}

/** Without any tag nothing is in reach. */
const nothing: ReachCondition = { sql: 'false', values: {} };

/** So many environments, where they are that few of all, are rather looked up one by one, by the indexes that begin with their ids, than found among all. */
const few = { atMost: 1000, oneIn: 16 };

/** Prepares them for an open file. */
export function createReach(database: DatabaseSync): Reach {
  const sets = tagMarksOf(database);
  const environments = environmentMarksOf(database);

  function ofEnvironments(tagsInReach: readonly string[] | undefined): ReachCondition | undefined {
    if (tagsInReach === undefined) return undefined;
    if (tagsInReach.length === 0) return nothing;
    return { sql: isMarked('reach'), values: { reach: sets.ofSetsWithOneOf(tagsInReach) } };
  }

  /** Undefined where they are too many for that. */
  function ofFew(marks: Uint8Array, marked: number): ReachCondition | undefined {
    if (marked > few.atMost || marked * few.oneIn > marks.length) return undefined;
    const numbers: number[] = [];
    for (let index = marks.indexOf(1); index !== -1; index = marks.indexOf(1, index + 1)) numbers.push(index + 1);
    return { sql: `environmentId IN ${idsOfNumbers('reach')}`, values: { reach: JSON.stringify(numbers) } };
  }

  return {
    ofEnvironments,

    ofNumbered(tagsInReach) {
      if (tagsInReach === undefined) return undefined;
      if (tagsInReach.length === 0) return nothing;
      const { marks, marked } = environments.ofThoseWithOneOf(tagsInReach);
      return ofFew(marks, marked) ?? { sql: isMarkedEnvironment('reach'), values: { reach: marks } };
    },

    ofRows(table, tagsInReach) {
      const fits = ofEnvironments(tagsInReach);
      if (tagsInReach === undefined || fits === undefined || fits === nothing) return fits;
      const { marks, marked } = environments.ofThoseWithOneOf(tagsInReach);
      return ofFew(marks, marked) ?? { ...fits, sql: `(SELECT ${fits.sql} FROM environments WHERE environments.environmentId = ${table}.environmentId)` };
    },
  };
}
