/** Which of the addresses where the control plane may be is tried next, and how each is connected to. */
import { formatHostPort } from '../../proto/host-port.ts';
import { apiAddress } from '../../proto/join-token.ts';
import type { HostPort } from '../../proto/host-port.ts';
import type { ApiAccess } from '../connection/api-access.ts';
import type { AgentEndpoints } from './agent-endpoints.ts';

/** One way to the API. */
export interface ApiRoute {
  readonly apiUrl: string;
  /** host:port, for the log. */
  readonly address: string;
  readonly access: ApiAccess;
}

/** The ways to the API that an agent knows, and which is next. */
export interface ApiRoutes {
  /** The one to try now: where polls were answered last, the newest, and after long without an answer all that are known, in turn. */
  next(): ApiRoute;
  /** By the newest word, whether it works or not. */
  newest(): ApiRoute;
  /** It could not be connected to, was lost, or refused this agent. */
  failed(): void;
  /** A poll was answered there. */
  worked(route: ApiRoute): void;
}

/** Creates them. `connect` makes the access of an address, once for each. `longMs` is how long without an answer is long. */
export function createApiRoutes(options: { readonly endpoints: AgentEndpoints; readonly connect: (target: HostPort) => ApiAccess; readonly longMs: number }): ApiRoutes {
  const { endpoints, connect, longMs } = options;
  const routes = new Map<string, ApiRoute>();
  let failures = 0;
  let failingSinceMs: number | undefined;

  function routeTo(apiUrl: string): ApiRoute {
    let route = routes.get(apiUrl);
    if (route === undefined) {
      const target = apiAddress({ apiUrl });
      route = { apiUrl, address: formatHostPort(target), access: connect(target) };
      routes.set(apiUrl, route);
    }
    return route;
  }

  return {
    next() {
      const isLong = failingSinceMs !== undefined && performance.now() - failingSinceMs >= longMs;
      const [last, ...others] = endpoints.otherApiUrls(isLong);
      const all = [...(last === undefined ? [] : [last]), endpoints.apiUrl(), ...others];
      // Where polls were answered last may be the newest itself; then it is the others' turn only after long.
      return routeTo(all[failures % all.length] ?? endpoints.apiUrl());
    },
    newest: () => routeTo(endpoints.apiUrl()),
    failed() {
      failures += 1;
      failingSinceMs ??= performance.now();
    },
    worked({ apiUrl }) {
      failures = 0;
      failingSinceMs = undefined;
      endpoints.apiWorked(apiUrl);
    },
  };
}
