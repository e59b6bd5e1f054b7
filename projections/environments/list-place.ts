/** The place in a list of environments after which the next page begins: opaque text for those who ask. */
import { decodePlace, encodePlace } from '../paging.ts';

/** By what environments are sorted; then by their ids. */
export type EnvironmentSort = 'name' | '-name' | 'status' | '-status' | 'createdAt' | '-createdAt' | 'lastPolledAt' | '-lastPolledAt';

/** The columns of each order. */
const sortKeys: Readonly<Record<EnvironmentSort, readonly string[]>> = {
  name: ['nameFolded', 'environmentId'],
  '-name': ['nameFolded', 'environmentId'],
  status: ['status', 'nameFolded', 'environmentId'],
  '-status': ['status', 'nameFolded', 'environmentId'],
  createdAt: ['createdAt', 'environmentId'],
  '-createdAt': ['createdAt', 'environmentId'],
  lastPolledAt: ['lastPolledAt', 'environmentId'],
  '-lastPolledAt': ['lastPolledAt', 'environmentId'],
};

/** The last environment of a page, by the order of its list. */
export interface ListPlace {
  readonly sort: EnvironmentSort;
  /** What the list is sorted by, and at last the id. */
  readonly keys: readonly string[];
}

/** The columns by which a list is sorted. */
export function keysOf(sort: EnvironmentSort): readonly string[] {
  return sortKeys[sort];
}

export function encodeCursor({ sort, keys }: ListPlace): string {
  return encodePlace([sort, ...keys]);
}

/** Throws RangeError on text that {@link encodeCursor} did not give for a list of this order. */
export function decodeCursor(cursor: string, sort: EnvironmentSort): ListPlace {
  const [given, ...keys] = decodePlace(cursor, 1 + keysOf(sort).length);
  if (given !== sort) throw new RangeError('the cursor was given by a list in another order');
  return { sort, keys };
}
