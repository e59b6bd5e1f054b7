/** Turns a list's filters and order into SQL over the indexes that hold all they need. */
import { foldName } from '../../services/domain/environment-name.ts';
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import type { EnvironmentListQuery } from '../port.ts';
import { keysOf, type EnvironmentSort, type ListPlace } from './list-place.ts';
import { createReach } from './reach.ts';
import { tunnelRows } from '../tunnels/rows.ts';
import { environmentRows } from './rows.ts';
import { isMarked, tagMarksOf } from './tag-sets.ts';

/** A list's filters and order, with the place to go on after. As of an instant, in milliseconds since 1970, where one is given. */
export type ListInput = Omit<EnvironmentListQuery, 'cursor' | 'sort'> & { readonly sort: EnvironmentSort; readonly after: ListPlace | null; readonly atMs?: number };

/** A page of a list, by ids. */
export interface SelectedPage {
  readonly ids: readonly string[];
  /** Where the page after it begins; null where this was the last. */
  readonly next: ListPlace | null;
  /** How many match, on all pages. */
  readonly total: number;
}

/** Which environments a list shows. */
export interface ListSelection {
  page(input: ListInput): SelectedPage;
}

type Filters = Omit<ListInput, 'limit' | 'offset' | 'after'>;
type Values = Record<string, SQLInputValue>;

function source({ atMs, ids, sort, status }: Filters): string {
  if (atMs !== undefined) return environmentRows.asOf;
  const isByPolls = sort.endsWith('lastPolledAt');
  // Few ids are found by the table's own key. Else, without statistics, SQLite would not choose the narrow index by itself.
  if (ids !== undefined) return isByPolls ? 'last_polls' : 'environments';
  if (isByPolls) return 'last_polls INDEXED BY last_polls_by_time';
  return `environments INDEXED BY ${status === undefined && !sort.endsWith('status') ? 'environments_by_name' : 'environments_by_status'}`;
}

/** Prepares the selection on an open file; statements are kept for each combination of filters and order. */
export function createListSelection(database: DatabaseSync): ListSelection {
  const statements = new Map<string, StatementSync>();
  const marks = tagMarksOf(database);
  const reach = createReach(database);

  function prepare(sql: string): StatementSync {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = database.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  }

  function conditions({ ids, search, status, tag, platform, tunnel, tagsInReach, atMs }: Filters): { readonly sql: string; readonly values: Values } {
    const parts: string[] = ['true'];
    const values: Values = {};
    const add = (condition: string, name: string, value: SQLInputValue) => {
      parts.push(condition);
      values[name] = value;
    };
    if (ids !== undefined) add('environmentId IN (SELECT value FROM json_each(:ids))', 'ids', JSON.stringify(ids));
    if (status !== undefined) add('status = :status', 'status', status);
    // The sign keeps it from the index by platform, which is to count by and has nothing else that lists ask for.
    if (platform !== undefined) add('+platform = :platform', 'platform', platform);
    if (tag !== undefined) add(isMarked('tag'), 'tag', marks.ofSetsWithOneOf([tag]));
    if (tunnel !== undefined) {
      // In the words of the index on those that are not closed.
      const unclosed = `(SELECT environmentId FROM ${atMs === undefined ? 'tunnels' : tunnelRows.asOf} WHERE state <> 'closed'`;
      if (tunnel === 'closed') parts.push(`environmentId NOT IN ${unclosed})`);
      else add(`environmentId IN ${unclosed} AND state = :tunnel)`, 'tunnel', tunnel);
    }
    const inReach = atMs === undefined ? reach.ofEnvironments(tagsInReach) : reach.ofNumbered(tagsInReach);
    if (inReach !== undefined) {
      parts.push(inReach.sql);
      Object.assign(values, inReach.values);
    }
    if (search !== undefined && search !== '') add('instr(nameFolded, :search) > 0', 'search', foldName(search));
    if (atMs !== undefined) values['asOf'] = atMs;
    return { sql: parts.join(' AND '), values };
  }

  function total(input: ListInput): number {
    const { sql, values } = conditions(input);
    // Its order does not matter for the number.
    const { sort: _sort, ...filters } = input;
    const count = input.atMs === undefined ? `SELECT count(*) AS total FROM ${source({ ...filters, sort: 'name' })} WHERE ${sql}` : environmentRows.countAsOf(sql);
    return Number(prepare(count).get(values)?.['total']);
  }

  return {
    page(input) {
      const { sort, after, limit, offset = 0 } = input;
      const { sql, values } = conditions(input);
      const keys = keysOf(sort);
      const [direction, beyond] = sort.startsWith('-') ? ['DESC', '<'] : ['ASC', '>'];
      const place = after === null ? [] : after.keys.map((key, index): [string, string] => [`after${index}`, key]);
      const following = after === null ? '' : `AND (${keys.join(', ')}) ${beyond} (${place.map(([name]) => `:${name}`).join(', ')})`;
      const order = keys.map((key) => `${key} ${direction}`).join(', ');
      const rows = prepare(`SELECT ${keys.join(', ')} FROM ${source(input)} WHERE ${sql} ${following} ORDER BY ${order} LIMIT :limit OFFSET :offset`).all({
        ...values,
        ...Object.fromEntries(place),
        limit: limit + 1,
        offset,
      });
      const shown = rows.slice(0, limit);
      const last = shown.at(-1);
      return {
        ids: shown.map(({ environmentId }) => String(environmentId)),
        next: rows.length > limit && last !== undefined ? { sort, keys: keys.map((key) => String(last[key])) } : null,
        // A page that holds all that match has counted them.
        total: after === null && offset === 0 && rows.length <= limit ? rows.length : total(input),
      };
    },
  };
}
