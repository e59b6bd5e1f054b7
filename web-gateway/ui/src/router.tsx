/** Which screen is at which address. Each is loaded when it is first gone to. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, retainSearchParams } from '@tanstack/react-router';
import { AnchorLink } from './parts/anchor-link.tsx';
import { EmptyState } from './parts/empty-state.tsx';
import { ErrorState } from './parts/error-state.tsx';
import { LoadingState } from './parts/loading-state.tsx';
import { readContainersSearch } from './containers/containers-search.ts';
import { readEnvironmentSearch } from './environment/environment-search.ts';
import { readEnvironmentsSearch } from './environments/environments-search.ts';
import { readTimelineSearch } from './timeline/timeline-search.ts';
import { readActivitySearch } from './activity/activity-search.ts';
import { readNewEnvironmentSearch } from './new-environment/new-environment-search.ts';
import { SignedInOnly } from './session/signed-in-only.tsx';
import { Shell } from './shell/shell.tsx';

/** What any page's address may say besides its path. */
interface RootSearch {
  /** The time machine's instant, RFC 3339; now where it is absent. */
  readonly at?: string | undefined;
}

const root = createRootRoute({
  validateSearch: ({ at }: Record<string, unknown>): RootSearch => (typeof at === 'string' && !Number.isNaN(Date.parse(at)) ? { at: new Date(at).toISOString() } : {}),
  // Who travels in time stays there from page to page, until told otherwise.
  search: { middlewares: [retainSearchParams(['at'])] },
  component: () => (
    <SignedInOnly>
      <Shell />
    </SignedInOnly>
  ),
});

const environments = createRoute({ getParentRoute: () => root, path: '/', validateSearch: readEnvironmentsSearch, component: lazyRouteComponent(() => import('./environments/environments-screen.tsx'), 'EnvironmentsScreen') });
const newEnvironment = createRoute({ getParentRoute: () => root, path: '/environments/new', validateSearch: readNewEnvironmentSearch, component: lazyRouteComponent(() => import('./new-environment/new-environment-screen.tsx'), 'NewEnvironmentScreen') });
const environment = createRoute({ getParentRoute: () => root, path: '/environments/$id', validateSearch: readEnvironmentSearch, component: lazyRouteComponent(() => import('./environment/environment-screen.tsx'), 'EnvironmentScreen') });
const containers = createRoute({ getParentRoute: () => root, path: '/containers', validateSearch: readContainersSearch, component: lazyRouteComponent(() => import('./containers/containers-screen.tsx'), 'ContainersScreen') });
const timeline = createRoute({ getParentRoute: () => root, path: '/timeline', validateSearch: readTimelineSearch, component: lazyRouteComponent(() => import('./timeline/timeline-screen.tsx'), 'TimelineScreen') });
const activity = createRoute({ getParentRoute: () => root, path: '/activity', validateSearch: readActivitySearch, component: lazyRouteComponent(() => import('./activity/activity-screen.tsx'), 'ActivityScreen') });
const proof = createRoute({ getParentRoute: () => root, path: '/proof', component: lazyRouteComponent(() => import('./proof/proof-screen.tsx'), 'ProofScreen') });
const settings = createRoute({ getParentRoute: () => root, path: '/settings', component: lazyRouteComponent(() => import('./settings/settings-screen.tsx'), 'SettingsScreen') });
const settingsPart = createRoute({ getParentRoute: () => root, path: '/settings/$part', component: lazyRouteComponent(() => import('./settings/settings-screen.tsx'), 'SettingsScreen') });

export const router = createRouter({
  routeTree: root.addChildren([environments, newEnvironment, environment, containers, timeline, activity, proof, settings, settingsPart]),
  defaultPreload: 'intent',
  defaultPendingComponent: () => <LoadingState />,
  defaultErrorComponent: ({ error, reset }) => <ErrorState error={error} title="This page could not be shown" onRetry={isMissingPart(error) ? () => location.reload() : reset} />,
  defaultNotFoundComponent: () => <EmptyState title="There is no such page">The address may be old, or mistyped. <AnchorLink to="/">All environments</AnchorLink></EmptyState>,
});

/** Whether a part of the UI did not come: the server was away, or is a newer one with other files. A browser asks for no module twice. */
function isMissingPart(error: unknown): boolean {
  return error instanceof Error && /preload CSS|dynamically imported module|importing a module script/i.test(error.message);
}

declare module '@tanstack/react-router' {
  interface Register {
    readonly router: typeof router;
  }
}
