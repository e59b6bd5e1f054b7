/** Turns a list's filters into SQL over the indexes that hold all they need. */
import { foldName } from '../../services/domain/environment-name.ts';
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { EnvironmentListQuery } from '../port.ts';
import type { ListPlace } from './list-cursor.ts';
import { tagMark } from './rows.ts';

/** A list's filters, with the place to go on after. */
export type ListInput = Omit<EnvironmentListQuery, 'cursor'> & { readonly after: ListPlace | null };

/** Which environments a list shows. */
export interface ListSelection {
  /** How many match, on all pages. */
  total(input: ListInput): number;
  /** The ids of at most `limit` that match after the place, in the order of the list. */
  page(input: ListInput, limit: number): string[];
}

type Filters = Omit<ListInput, 'limit' | 'after'>;

function conditions({ ids, search, status, tag, platform }: Filters): { readonly sql: string; readonly values: readonly SQLInputValue[] } {
  const parts: string[] = [];
  const values: SQLInputValue[] = [];
  const add = (condition: string, value: SQLInputValue) => {
    parts.push(condition);
    values.push(value);
  };
  if (ids !== undefined) add('environmentId IN (SELECT value FROM json_each(?))', JSON.stringify(ids));
  if (status !== undefined) add('status = ?', status);
  if (platform !== undefined) add('platform = ?', platform);
  if (tag !== undefined) add('instr(tags, ?) > 0', tagMark(tag));
  if (search !== undefined && search !== '') add('instr(nameFolded, ?) > 0', foldName(search));
  // Without statistics SQLite would not choose the narrow index by itself; few ids are found by the table's own key.
  const index = ids !== undefined ? '' : status === undefined ? ' INDEXED BY environments_by_name' : ' INDEXED BY environments_by_status';
  return { sql: `FROM environments${index} WHERE ${['true', ...parts].join(' AND ')}`, values };
}

/** Prepares the selection on an open file; statements are kept for each combination of filters. */
export function createListSelection(database: DatabaseSync): ListSelection {
  const statements = new Map<string, StatementSync>();

  function prepare(sql: string): StatementSync {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = database.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  }

  return {
    total(input) {
      const { sql, values } = conditions(input);
      return Number(prepare(`SELECT count(*) AS total ${sql}`).get(...values)?.['total']);
    },

    page(input, limit) {
      const { sql, values } = conditions(input);
      const after = input.after === null ? [] : [input.after.nameFolded, input.after.environmentId];
      const following = after.length === 0 ? '' : ' AND (nameFolded, environmentId) > (?, ?)';
      const rows = prepare(`SELECT environmentId ${sql}${following} ORDER BY nameFolded, environmentId LIMIT ?`).all(...values, ...after, limit);
      return rows.map(({ environmentId }) => String(environmentId));
    },
  };
}
