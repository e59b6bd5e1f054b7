/** Rows that are kept by environment and Swarm node: how the node is written in them, and how they are read page by page. */
import type { DatabaseSync } from 'node:sqlite';

/** The place of a row. */
export interface NodePlace {
  readonly environmentId: string;
  /** {@link nodeKeyOf} the node. */
  readonly nodeKey: string;
}

/** Before all of them. */
export const FIRST_PLACE: NodePlace = { environmentId: '', nodeKey: '' };

/** What one node's rows are found by. No node at all is '': NULL would equal nothing, not even itself. */
export function nodeKeyOf(node: string | null): string {
  return node ?? '';
}

/** The inverse of {@link nodeKeyOf}. */
export function nodeOf(nodeKey: string): string | null {
  return nodeKey === '' ? null : nodeKey;
}

/** So many rows after a place, and where the next page goes on; null at the end. */
export type ReadNodePage<Row> = (asked: { readonly after: NodePlace; readonly limit: number }) => { readonly rows: readonly Row[]; readonly next: NodePlace | null };

/**
 * Prepares reading a table in the order of environments and nodes, by an index of the two.
 * @param columns what is read besides the place @param where which rows, in SQL; all by default
 */
export function prepareNodePages<Row extends NodePlace>(database: DatabaseSync, table: string, { columns = [], where = 'TRUE' }: { readonly columns?: readonly string[]; readonly where?: string } = {}): ReadNodePage<Row> {
  const select = database.prepare(
    `SELECT ${['environmentId', 'nodeKey', ...columns].join(', ')} FROM ${table} WHERE ${where} AND (environmentId, nodeKey) > (?, ?)
      ORDER BY environmentId, nodeKey LIMIT ?`,
  );
  return ({ after, limit }) => {
    const rows = select.all(after.environmentId, after.nodeKey, limit) as unknown as Row[];
    const last = rows.at(-1);
    return { rows, next: rows.length < limit || last === undefined ? null : { environmentId: last.environmentId, nodeKey: last.nodeKey } };
  };
}
