/** What the address of the activity says. */
import { textsOf } from '../address/texts-of.ts';

/** All of it may be absent; instants are RFC 3339. */
export interface ActivitySearch {
  readonly environment?: string;
  readonly actor?: string;
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
