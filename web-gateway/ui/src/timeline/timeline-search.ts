/** What the address of the timeline says. */
import { textsOf } from '../address/texts-of.ts';

export interface TimelineSearch {
  readonly environment?: string;
  readonly kind?: string;
  readonly actor?: string;
}

export function readTimelineSearch(search: Record<string, unknown>): TimelineSearch {
  return textsOf(search, ['environment', 'kind', 'actor']);
}
