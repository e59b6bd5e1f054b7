/** What spans are told from: now, or the instant of the time machine where a page shows the past. */
import { createContext, useContext } from 'react';

const ReferenceInstantContext = createContext<string | undefined>(undefined);

/** Around what shows the past: RFC 3339; undefined is now. */
export const ReferenceInstantProvider = ReferenceInstantContext.Provider;

/** RFC 3339; undefined where spans are told from now. */
export function useReferenceInstant(): string | undefined {
  return useContext(ReferenceInstantContext);
}
