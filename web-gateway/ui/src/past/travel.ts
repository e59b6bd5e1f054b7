/** Going to an instant, and back to now: both change the address and nothing else. */
import { useNavigate } from '@tanstack/react-router';
import { useCallback, useMemo } from 'react';

/** The ways through time. */
export interface Travel {
  /** Shows the page as of this instant (milliseconds since 1970). The first step can be gone back from by the browser; those after it take its place. */
  to(atMs: number): void;
  backToNow(): void;
}

/** For the page that is shown. */
export function useTravel(): Travel {
  const navigate = useNavigate();
  const go = useCallback(
    (at: string | undefined) =>
      void navigate({
        to: '.',
        // Said even where it is none, for the router keeps an `at` that is not spoken of.
        search: (search) => ({ ...search, at }),
        replace: new URLSearchParams(location.search).has('at') && at !== undefined,
        resetScroll: false,
      }),
    [navigate],
  );
  return useMemo(() => ({ to: (atMs) => go(new Date(atMs).toISOString()), backToNow: () => go(undefined) }), [go]);
}
