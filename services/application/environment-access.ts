/** Which environments whoever asks may reach, and how far: an operator those that a grant names by a tag, others all. */
import type { ActiveAccount } from '../domain/account.ts';
import { accessByGrants, covers, type EnvironmentAccessLevel, tagsInReach } from '../domain/grants.ts';
import type { AccountDirectory } from './account-directory.ts';
import type { EnvironmentStreams } from './environment-streams.ts';
import type { Principal } from './ports/accounts.ts';
import { ApplicationError } from './ports/application-error.ts';
import type { EnvironmentAccess } from './ports/users.ts';

interface Watch {
  readonly principal: Principal;
  readonly held: Parameters<EnvironmentAccess['onLost']>[1];
  readonly lost: () => void;
}

/** Creates it over accounts and environments as they are now. */
export function createEnvironmentAccess(deps: {
  readonly directory: Pick<AccountDirectory, 'find' | 'onChanged'>;
  readonly environments: Pick<EnvironmentStreams, 'load' | 'onRecorded'>;
}): EnvironmentAccess {
  const { directory, environments } = deps;
  const watches = new Set<Watch>();

  directory.onChanged((userId, after, before) => {
    if (before !== undefined && after?.grants !== before.grants) check((watch) => watch.principal.userId === userId);
  });
  environments.onRecorded((environmentId, events) => {
    const mayMatter = events.some(({ type }) => type === 'EnvironmentTagged' || type === 'EnvironmentRemoved');
    if (mayMatter) check(({ held }) => held !== 'everything' && held.environmentId === environmentId);
  });

  function check(concerned: (watch: Watch) => boolean): void {
    for (const watch of watches) {
      if (concerned(watch)) void recheck(watch);
    }
  }

  async function recheck(watch: Watch): Promise<void> {
    // What can't be looked up now is as good as lost: it is safer to ask again.
    if (!(await isHeld(watch).catch(() => false)) && watches.delete(watch)) watch.lost();
  }

  async function isHeld({ principal, held }: Watch): Promise<boolean> {
    if (held === 'everything') return reachesAll(principal);
    const level = await levelOf(principal, held.environmentId);
    return level !== undefined && covers(level, held.needed);
  }

  function reachesAll(principal: Principal): boolean {
    const grants = grantsOf(principal);
    return grants === undefined || tagsInReach(grants) === undefined;
  }

  function grantsOf({ userId, reach }: Principal): ActiveAccount['grants'] | undefined {
    return reach === 'everything' ? undefined : (directory.find(userId)?.grants ?? []);
  }

  async function levelOf(principal: Principal, environmentId: string): Promise<EnvironmentAccessLevel | undefined> {
    const grants = grantsOf(principal);
    const always = grants === undefined ? 'full' : accessByGrants(grants, []);
    if (grants === undefined || always === 'full') return always;
    const state = await environments.load(environmentId);
    return state.status === 'active' ? accessByGrants(grants, state.tags) : always;
  }

  return {
    levelOf,

    async require(principal, environmentId, needed) {
      const level = await levelOf(principal, environmentId);
      if (level === undefined) throw new ApplicationError('environment-not-found', `there is no environment ${environmentId}`);
      if (!covers(level, needed)) throw new ApplicationError('read-only-access', 'your grant for this environment is to read only; ask an admin for access full');
    },

    tagsInReach(principal) {
      const grants = grantsOf(principal);
      return grants === undefined ? undefined : tagsInReach(grants);
    },

    visibilityFor(principal) {
      if (principal.reach === 'everything') return undefined;
      return (environmentId) => {
        if (reachesAll(principal)) return true;
        return environmentId !== undefined && levelOf(principal, environmentId).then((level) => level !== undefined);
      };
    },

    onLost(principal, held, lost) {
      if (principal.reach === 'everything') return () => undefined;
      const watch = { principal, held, lost };
      watches.add(watch);
      return () => watches.delete(watch);
    },
  };
}
