/** Whom an answer may know of: environments that have one of some tags now, also where their past is asked for. */
import type { SQLInputValue } from 'node:sqlite';
import { tagMark } from './rows.ts';

/** A condition on a column of environments' ids, and what it binds. */
export interface ReachCondition {
  readonly sql: string;
  readonly values: Readonly<Record<string, SQLInputValue>>;
}

/** Undefined where every environment is in reach; then nothing needs to be checked. */
export function reachCondition(tagsInReach: readonly string[] | undefined, column = 'environmentId'): ReachCondition | undefined {
  const fits = tagsCondition(tagsInReach);
  return fits === undefined || tagsInReach?.length === 0 ? fits : { ...fits, sql: `${column} IN (SELECT environmentId FROM environments WHERE ${fits.sql})` };
}

/** The same on the rows of the environments themselves as they are now: one pass over the index that a list goes by anyway. */
export function tagsCondition(tagsInReach: readonly string[] | undefined): ReachCondition | undefined {
  if (tagsInReach === undefined) return undefined;
  if (tagsInReach.length === 0) return { sql: 'false', values: {} };
  const fits = tagsInReach.map((_, index) => `instr(tags, :reach${index}) > 0`).join(' OR ');
  return { sql: `(${fits})`, values: Object.fromEntries(tagsInReach.map((tag, index) => [`reach${index}`, tagMark(tag)])) };
}
