/** The time machine's instant: `?at=` in the address of any page. Where it is set, pages show what was then. */
import { useSearch } from '@tanstack/react-router';

/** RFC 3339, or undefined where now is shown. */
export function usePastInstant(): string | undefined {
  return useSearch({ strict: false, select: ({ at }) => at });
}

/** As a part of a query: `{ asOf }` or nothing. */
export function asOf(instant: string | undefined): { readonly asOf?: string } {
  return instant === undefined ? {} : { asOf: instant };
}
