/** What the address of the timeline says. */
import { textsOf } from '../address/texts-of.ts';

/** All of it may be absent. */
export interface TimelineSearch {
  readonly environment?: string;
  readonly kind?: string;
  readonly actor?: string;
}

/** What is not known is left out. */
export function readTimelineSearch(search: Record<string, unknown>): TimelineSearch {
  return textsOf(search, ['environment', 'kind', 'actor']);
}
