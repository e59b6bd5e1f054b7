/** An environment that somebody names, and that is there. */
import type { ActiveEnvironment } from '../domain/environment.ts';
import type { EnvironmentStreams } from './environment-streams.ts';
import { ApplicationError } from './ports/application-error.ts';

/** Its state. Throws {@link ApplicationError} environment-not-found, environment-removed and event-store-unavailable. */
export async function loadKnownEnvironment(environments: Pick<EnvironmentStreams, 'load'>, environmentId: string): Promise<ActiveEnvironment> {
  const state = await environments.load(environmentId);
  if (state.status === 'absent') throw new ApplicationError('environment-not-found', 'there is no such environment');
  if (state.status === 'removed') throw new ApplicationError('environment-removed', 'this environment was removed');
  return state;
}
