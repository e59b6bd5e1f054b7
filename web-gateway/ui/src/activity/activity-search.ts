/** What the address of the activity says. */
import { textsOf } from '../address/texts-of.ts';

/** In the place of a method: each that may change something. */
export const CHANGES = 'changes';

/** All of it may be absent; instants are RFC 3339. */
export interface ActivitySearch {
  readonly environment?: string;
  readonly actor?: string;
  /** Or {@link CHANGES}. */
  readonly method?: string;
  readonly path?: string;
  readonly result?: string;
  readonly from?: string;
  readonly to?: string;
}

/** What is not known is left out. */
export function readActivitySearch(search: Record<string, unknown>): ActivitySearch {
  return textsOf(search, ['environment', 'actor', 'method', 'path', 'result', 'from', 'to']);
}
