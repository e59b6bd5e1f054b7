/** What the address of the list of environments says. */
import { textsOf } from '../address/texts-of.ts';

/** All of it may be absent; a `sort` with a dash before it is backwards. */
export interface EnvironmentsSearch {
  readonly search?: string;
  readonly status?: string;
  readonly tag?: string;
  readonly platform?: string;
  readonly tunnel?: string;
  readonly sort?: string;
}

/** What is not known is left out. */
export function readEnvironmentsSearch(search: Record<string, unknown>): EnvironmentsSearch {
  return textsOf(search, ['search', 'status', 'tag', 'platform', 'tunnel', 'sort']);
}
