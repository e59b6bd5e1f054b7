/** Decides about accounts: their role, what they are granted, their password and their API keys. */
import type { Decider } from './decider.ts';
import type { EventOf, Grant, Instant, Role, Sealed, SignInMethod, UserEvents } from './events.ts';
import { Refusal } from './refusal.ts';

export interface ApiKey {
  readonly keyId: string;
  readonly name: string;
  readonly role: Role;
  readonly keyHash: Sealed;
  readonly createdAt: Instant;
  readonly expiresAt: Instant | null;
}

/** Who somebody is to an OpenID provider. */
export interface LinkedIdentity {
  readonly issuer: string;
  readonly subject: string;
}

export interface ActiveAccount {
  readonly status: 'active';
  readonly userId: string;
  readonly username: string;
  readonly role: Role;
  /** An operator's; of all others empty. */
  readonly grants: readonly Grant[];
  /** Null where an identity stands in for it. */
  readonly passwordHash: Sealed | null;
  readonly identity: LinkedIdentity | null;
  readonly createdAt: Instant;
  readonly passwordChangedAt: Instant;
  readonly apiKeys: readonly ApiKey[];
}

/** What is told of an account to whoever may know of it, now or of the past. */
export interface AccountSummary {
  readonly id: string;
  readonly username: string;
  readonly role: Role;
  readonly grants: readonly Grant[];
  readonly createdAt: Instant;
  readonly passwordChangedAt: Instant;
  readonly signsInBy: SignInMethod;
  /** Null where it is not known any more, too: sign-ins are kept for a time. */
  readonly lastSignedInAt: Instant | null;
}

/**
 * ```
 *   absent ──UserCreated──▶ active ──UserRemoved──▶ removed
 * ```
 */
export type AccountState = { readonly status: 'absent' } | ActiveAccount | { readonly status: 'removed' };

export type AccountCommand = { readonly at: Instant; readonly userId: string } & (
  | { readonly type: 'create'; readonly username: string; readonly role: Role; readonly grants: readonly Grant[]; readonly passwordHash: Sealed | null; readonly identity: LinkedIdentity | null }
  /** What is absent stays. */
  | { readonly type: 'change'; readonly role?: Role; readonly grants?: readonly Grant[]; readonly passwordHash?: Sealed }
  | { readonly type: 'remove' }
  | {
      readonly type: 'create-api-key';
      readonly keyId: string;
      readonly name: string;
      readonly role: Role;
      readonly keyHash: Sealed;
      readonly expiresAt: Instant | null;
    }
  | { readonly type: 'revoke-api-key'; readonly keyId: string }
);

type ChangeCommand = Extract<AccountCommand, { type: 'change' }>;

export type AccountEvent = EventOf<UserEvents>;

function grantsFor(role: Role, grants: readonly Grant[]): readonly Grant[] {
  if (role !== 'operator' && grants.length > 0) throw new Refusal('grants-not-for-role', 'grants are for operators');
  return grants;
}

function change({ at, userId, role, grants, passwordHash }: ChangeCommand, state: ActiveAccount): AccountEvent[] {
  if (passwordHash !== undefined && state.passwordHash === null) throw new Refusal('no-password-here', 'this account has no password');
  const events: AccountEvent[] = [];
  const nextRole = role ?? state.role;
  // Who comes back to this role later begins without any.
  const nextGrants = grantsFor(nextRole, grants ?? (nextRole === 'operator' ? state.grants : []));
  if (nextRole !== state.role) events.push({ type: 'UserRoleChanged', data: { at, userId, role: nextRole } });
  if (!isSame(nextGrants, state.grants)) events.push({ type: 'GrantChanged', data: { at, userId, grants: nextGrants } });
  if (passwordHash !== undefined) events.push({ type: 'PasswordChanged', data: { at, userId, passwordHash } });
  return events;
}

function decide(command: AccountCommand, state: AccountState): readonly AccountEvent[] {
  const { at, userId } = command;
  if (command.type === 'create') {
    if (state.status !== 'absent') throw new Refusal('user-exists', 'this account exists already');
    const { username, role, passwordHash, identity } = command;
    const grants = grantsFor(role, command.grants);
    return [
      { type: 'UserCreated', data: { at, userId, username, role, passwordHash } },
      ...(identity === null ? [] : [{ type: 'IdentityLinked' as const, data: { at, userId, ...identity } }]),
      ...(grants.length === 0 ? [] : [{ type: 'GrantChanged' as const, data: { at, userId, grants } }]),
    ];
  }
  if (state.status === 'absent') throw new Refusal('unknown-user', 'there is no such account');
  if (state.status === 'removed') throw new Refusal('user-removed', 'this account was removed');
  switch (command.type) {
    case 'change':
      return change(command, state);
    case 'remove':
      return [{ type: 'UserRemoved', data: { at, userId } }];
    case 'create-api-key': {
      const { keyId, name, role, keyHash, expiresAt } = command;
      return [{ type: 'ApiKeyCreated', data: { at, userId, keyId, name, role, keyHash, expiresAt } }];
    }
    case 'revoke-api-key':
      if (!state.apiKeys.some(({ keyId }) => keyId === command.keyId)) throw new Refusal('unknown-api-key', 'there is no such API key');
      return [{ type: 'ApiKeyRevoked', data: { at, userId, keyId: command.keyId } }];
  }
}

function evolve(state: AccountState, event: AccountEvent): AccountState {
  const { at } = event.data;
  if (event.type === 'UserCreated') {
    const { userId, username, role, passwordHash } = event.data;
    return { status: 'active', userId, username, role, grants: [], passwordHash, identity: null, createdAt: at, passwordChangedAt: at, apiKeys: [] };
  }
  if (state.status !== 'active') return state;
  switch (event.type) {
    case 'IdentityLinked':
      return { ...state, identity: { issuer: event.data.issuer, subject: event.data.subject } };
    case 'PasswordChanged':
      return { ...state, passwordHash: event.data.passwordHash, passwordChangedAt: at };
    case 'UserRoleChanged':
      return { ...state, role: event.data.role };
    case 'GrantChanged':
      return { ...state, grants: event.data.grants };
    case 'UserRemoved':
      return { status: 'removed' };
    case 'ApiKeyCreated': {
      const { keyId, name, role, keyHash, expiresAt } = event.data;
      return { ...state, apiKeys: [...state.apiKeys, { keyId, name, role, keyHash, createdAt: at, expiresAt }] };
    }
    case 'ApiKeyRevoked':
      return { ...state, apiKeys: state.apiKeys.filter(({ keyId }) => keyId !== event.data.keyId) };
  }
}

function isSame(one: readonly Grant[], other: readonly Grant[]): boolean {
  return one.length === other.length && one.every(({ tag, access }, index) => other[index]?.tag === tag && other[index].access === access);
}

export const accountDecider: Decider<AccountState, AccountCommand, AccountEvent> = {
  initialState: { status: 'absent' },
  decide,
  evolve,
};
