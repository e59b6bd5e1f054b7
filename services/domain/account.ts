/** Decides about accounts and their API keys. */
import type { Decider } from './decider.ts';
import type { EventOf, Instant, Role, Sealed, UserEvents } from './events.ts';
import { Refusal } from './refusal.ts';

export interface ApiKey {
  readonly keyId: string;
  readonly name: string;
  readonly role: Role;
  readonly keyHash: Sealed;
  readonly createdAt: Instant;
  readonly expiresAt: Instant | null;
}

export interface ActiveAccount {
  readonly status: 'active';
  readonly userId: string;
  readonly username: string;
  readonly role: Role;
  readonly passwordHash: Sealed;
  readonly passwordChangedAt: Instant;
  readonly apiKeys: readonly ApiKey[];
}

/**
 * ```
 *   absent ──UserCreated──▶ active ──UserRemoved──▶ removed
 * ```
 */
export type AccountState = { readonly status: 'absent' } | ActiveAccount | { readonly status: 'removed' };

export type AccountCommand = { readonly at: Instant; readonly userId: string } & (
  | { readonly type: 'create'; readonly username: string; readonly role: Role; readonly passwordHash: Sealed }
  | { readonly type: 'change-password'; readonly passwordHash: Sealed }
  | { readonly type: 'change-role'; readonly role: Role }
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

export type AccountEvent = EventOf<UserEvents>;

function decide(command: AccountCommand, state: AccountState): readonly AccountEvent[] {
  const { at, userId } = command;
  if (command.type === 'create') {
    if (state.status !== 'absent') throw new Refusal('user-exists', 'this account exists already');
    const { username, role, passwordHash } = command;
    return [{ type: 'UserCreated', data: { at, userId, username, role, passwordHash } }];
  }
  if (state.status === 'absent') throw new Refusal('unknown-user', 'there is no such account');
  if (state.status === 'removed') throw new Refusal('user-removed', 'this account was removed');
  switch (command.type) {
    case 'change-password':
      return [{ type: 'PasswordChanged', data: { at, userId, passwordHash: command.passwordHash } }];
    case 'change-role':
      return command.role === state.role ? [] : [{ type: 'UserRoleChanged', data: { at, userId, role: command.role } }];
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
    return { status: 'active', userId, username, role, passwordHash, passwordChangedAt: at, apiKeys: [] };
  }
  if (state.status !== 'active') return state;
  switch (event.type) {
    case 'PasswordChanged':
      return { ...state, passwordHash: event.data.passwordHash, passwordChangedAt: at };
    case 'UserRoleChanged':
      return { ...state, role: event.data.role };
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

export const accountDecider: Decider<AccountState, AccountCommand, AccountEvent> = {
  initialState: { status: 'absent' },
  decide,
  evolve,
};
