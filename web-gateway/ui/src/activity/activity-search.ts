/** What the address of the activity says. */
import { textsOf } from '../address/texts-of.ts';

export interface ActivitySearch {
  readonly environment?: string;
  readonly actor?: string;
  readonly method?: string;
  readonly path?: string;
  readonly result?: string;
  readonly from?: string;
  readonly to?: string;
}

export function readActivitySearch(search: Record<string, unknown>): ActivitySearch {
  return textsOf(search, ['environment', 'actor', 'method', 'path', 'result', 'from', 'to']);
}
