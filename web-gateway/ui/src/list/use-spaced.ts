/** As createSpaced, for as long as a component is there. */
import { useCallback, useEffect, useRef } from 'react';
import { createSpaced, type Spaced } from './spaced.ts';

/** How often what is in sight is asked for at most, however much changes. */
export const SPACING_MS = 900;

/**
 * @param run what it makes stale, others may show later: it is done once more where it was asked for as the component went.
 * @returns what asks for `run`; always the same.
 */
export function useSpaced(run: () => Promise<void>, spacingMs = SPACING_MS): () => void {
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  const spaced = useRef<Spaced>(undefined);
  useEffect(() => {
    const one = createSpaced(() => latest.current(), spacingMs);
    spaced.current = one;
    return () => one.stop();
  }, [spacingMs]);
  return useCallback(() => spaced.current?.ask(), []);
}
