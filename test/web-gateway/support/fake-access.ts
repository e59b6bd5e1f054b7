/** Real decisions on who reaches what, over the accounts and environments in memory. */
import type { ActiveAccount } from '../../../services/domain/account.ts';
import type { EnvironmentState } from '../../../services/domain/environment.ts';
import { createEnvironmentAccess } from '../../../services/application/environment-access.ts';
import type { EnvironmentAccess } from '../../../services/application/ports/users.ts';
import type { FakeAccounts } from './fake-accounts.ts';
import type { FakeEnvironments } from './fake-environments.ts';

/** `e1`, which the tunnel knows, is there with the tag `eu` even where it was not created. */
export function createFakeAccess(accounts: FakeAccounts, fleet: FakeEnvironments): EnvironmentAccess {
  const account = (userId: string): ActiveAccount | undefined => {
    const grants = accounts.grantsOf(userId);
    return grants === undefined ? undefined : ({ status: 'active', userId, grants } as Partial<ActiveAccount> as ActiveAccount);
  };
  return createEnvironmentAccess({
    directory: {
      find: account,
      onChanged(listener) {
        accounts.onGrants(() => listener('operator', account('operator'), { ...account('operator'), grants: [] } as Partial<ActiveAccount> as ActiveAccount));
      },
    },
    environments: {
      load(environmentId) {
        const tags = fleet.views.get(environmentId)?.tags ?? (environmentId === 'e1' ? ['eu'] : undefined);
        return Promise.resolve(tags === undefined ? { status: 'absent' } : ({ status: 'active', environmentId, tags } as Partial<EnvironmentState> as EnvironmentState));
      },
      onRecorded: (listener) => fleet.onTagged((environmentId) => listener(environmentId, [{ type: 'EnvironmentTagged', data: { at: '', environmentId, tags: [] } }])),
    },
  });
}
