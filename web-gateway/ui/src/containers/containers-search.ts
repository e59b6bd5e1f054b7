/** What the address of the search for containers says. */
import { textsOf } from '../address/texts-of.ts';

/** All of it may be absent. */
export interface ContainersSearch {
  readonly name?: string;
  readonly image?: string;
  readonly state?: string;
}

/** What is not known is left out. */
export function readContainersSearch(search: Record<string, unknown>): ContainersSearch {
  return textsOf(search, ['name', 'image', 'state']);
}
