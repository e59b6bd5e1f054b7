/** Whom an answer may know of: environments that have one of some tags now, also where their past is asked for. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
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
  /** On rows that name an environment. */
  ofRows(tagsInReach: readonly string[] | undefined): ReachCondition | undefined;
}

/** Prepares them for an open file. */
export function createReach(database: DatabaseSync): Reach {
  const marks = tagMarksOf(database);

  function ofEnvironments(tagsInReach: readonly string[] | undefined): ReachCondition | undefined {
    if (tagsInReach === undefined) return undefined;
    if (tagsInReach.length === 0) return { sql: 'false', values: {} };
    return { sql: isMarked('reach'), values: { reach: marks.ofSetsWithOneOf(tagsInReach) } };
  }

  return {
    ofEnvironments,

    ofRows(tagsInReach) {
      const fits = ofEnvironments(tagsInReach);
      if (fits === undefined || tagsInReach?.length === 0) return fits;
      return { ...fits, sql: `environmentId IN (SELECT environmentId FROM environments INDEXED BY environments_by_name WHERE ${fits.sql})` };
    },
  };
}
