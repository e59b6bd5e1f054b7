/** The time machine's instant: `?at=` in the address of any page. Where it is set, pages show what was then. */
import { useRouterState, useSearch } from '@tanstack/react-router';

/** RFC 3339, or undefined where now is shown. */
export function usePastInstant(): string | undefined {
  return useSearch({ strict: false, select: ({ at }) => at });
}

/** As a part of a query: `{ asOf }` or nothing. */
export function asOf(instant: string | undefined): { readonly asOf?: string } {
  return instant === undefined ? {} : { asOf: instant };
}

/** Whether the page that is shown can show the past; the others show now whatever `?at=` says. */
export function useShowsPast(): boolean {
  return useRouterState({ select: ({ location }) => showsPast(location.pathname) });
}

/** The same by the path. */
export function showsPast(path: string): boolean {
  return path === '/' || /^\/(containers|timeline|activity)\/?$/.test(path) || (/^\/environments\/[^/]+\/?$/.test(path) && !/^\/environments\/new\/?$/.test(path));
}
