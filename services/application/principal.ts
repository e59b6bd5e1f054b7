/** Who is signed in, made of an account and what it came by. */
import type { ActiveAccount, ApiKey } from '../domain/account.ts';
import type { Principal } from './ports/accounts.ts';
import { lowerRole } from './role-rank.ts';

/** By a session or by an API key. */
export function principalOf({ userId, username, role }: ActiveAccount, by: { readonly session: NonNullable<Principal['session']> } | { readonly key: ApiKey }): Principal {
  // A key is lower than its account perhaps, but reaches no further than it in any role.
  const reach = role === 'operator' ? 'granted' : 'everything';
  if ('session' in by) return { userId, username, role, reach, actor: `user:${username}`, session: by.session, apiKeyId: null };
  const { keyId } = by.key;
  return { userId, username, role: lowerRole(by.key.role, role), reach, actor: `user:${username}/key:${keyId}`, session: null, apiKeyId: keyId };
}
