/** Accounts in memory: one user of each role, with a session and an API key whose secrets tell the role. */
import type { Accounts, ApiKeySummary, Principal } from '../../../services/application/ports/accounts.ts';
import { ApplicationError } from '../../../services/application/ports/application-error.ts';
import type { Users } from '../../../services/application/ports/users.ts';
import type { AccountSummary } from '../../../services/domain/account.ts';
import type { Grant, Role } from '../../../services/domain/events.ts';

export const ROLES: readonly Role[] = ['admin', 'operator', 'auditor', 'metrics'];

/** The API key of the user with that role. */
export function apiKey(role: Role): string {
  return `hp_key-of-${role}`;
}

/** The session's token of the user with that role. */
export function sessionTokenOf(role: Role): string {
  return `session-of-${role}`;
}

export interface FakeAccounts extends Accounts {
  readonly users: Users;
  /** Ends everything that the role's user holds open. */
  end(role: Role): void;
  /** How much the role's user holds open. */
  heldOf(role: Role): number;
  /** From now on the operator reaches only what these grants name; at first it reaches everything, as others do. */
  grantOperator(grants: readonly Grant[]): void;
  /** Of the operator, once there are any. */
  grantsOf(userId: string): readonly Grant[] | undefined;
  /** Calls back when they change. */
  onGrants(listener: () => void): void;
}

export function createFakeAccounts(): FakeAccounts {
  const listeners = new Map<string, Set<() => void>>();
  const ended = new Set<Role>();
  const keys: ApiKeySummary[] = [];
  let nextKey = 1;
  let operatorGrants: readonly Grant[] | undefined;
  const grantListeners: (() => void)[] = [];

  function principal(role: Role, by: 'session' | 'api-key'): Principal {
    const username = `the-${role}`;
    return {
      userId: role,
      username,
      role,
      reach: role === 'operator' && operatorGrants !== undefined ? 'granted' : 'everything',
      actor: `user:${username}`,
      session: by === 'session' ? { id: role, expiresAt: '2099-01-01T00:00:00.000Z' } : null,
      apiKeyId: by === 'api-key' ? role : null,
    };
  }
  const known = (secret: string, secretOf: (role: Role) => string): Role | undefined => ROLES.find((role) => secretOf(role) === secret && !ended.has(role));

  const userOf = (role: Role): AccountSummary => {
    const at = '2026-01-01T00:00:00.000Z';
    return { id: role, username: `the-${role}`, role, grants: (role === 'operator' ? operatorGrants : undefined) ?? [], createdAt: at, passwordChangedAt: at, signsInBy: 'password', lastSignedInAt: null };
  };
  const userNotFound = (): ApplicationError => new ApplicationError('user-not-found', 'there is no such user');
  const users: Users = {
    list: () => ROLES.map(userOf),
    find(_principal, userId) {
      const role = ROLES.find((one) => one === userId);
      if (role === undefined) throw userNotFound();
      return userOf(role);
    },
    named: () => undefined,
    create: () => Promise.reject(new ApplicationError('username-taken', 'that name is taken')),
    change: () => Promise.reject(userNotFound()),
    remove: () => Promise.reject(userNotFound()),
  };

  return {
    users,
    grantsOf: (userId) => (userId === 'operator' ? operatorGrants : undefined),
    grantOperator(grants) {
      operatorGrants = grants;
      for (const listener of grantListeners) listener();
    },
    onGrants: (listener) => void grantListeners.push(listener),
    renewSession: (who) => Promise.resolve({ token: sessionTokenOf(who.role), principal: who }),
    signInByIdentity: async (redeem) => redeem().then(({ role = 'metrics' }) => ({ token: sessionTokenOf(role), principal: principal(role, 'session') })),
    apiKeyRefused: () => Promise.resolve(),
    listSessions: () => [],
    revokeSession: () => Promise.reject(new ApplicationError('session-not-found', 'there is no such session')),
    signIn({ username, password }) {
      const role = ROLES.find((one) => username === `the-${one}`);
      if (password === 'hammering') return Promise.reject(new ApplicationError('too-many-attempts', 'too many attempts', { retryAfterSeconds: 17 }));
      if (role === undefined || password !== 'right') return Promise.reject(new ApplicationError('wrong-credentials', 'wrong username or password'));
      return Promise.resolve({ token: sessionTokenOf(role), principal: principal(role, 'session') });
    },
    signOut({ role }) {
      ended.add(role);
      return Promise.resolve();
    },
    principalOfSession(token) {
      const role = known(token, sessionTokenOf);
      return role === undefined ? undefined : principal(role, 'session');
    },
    principalOfApiKey(secret) {
      const role = known(secret, apiKey);
      return role === undefined ? undefined : principal(role, 'api-key');
    },
    createApiKey(owner, { name, role, expiresAt = null }) {
      if (ROLES.indexOf(role) < ROLES.indexOf(owner.role)) return Promise.reject(new ApplicationError('role-not-allowed', 'above your own', { pointer: '/role' }));
      const key = { id: `k${nextKey}`, name, role, username: owner.username, createdAt: '2026-01-01T00:00:00.000Z', expiresAt, lastUsedAt: null };
      nextKey += 1;
      keys.push(key);
      return Promise.resolve({ ...key, secret: `hp_secret-of-${key.id}` });
    },
    listApiKeys: (owner) => keys.filter(({ username }) => owner.role === 'admin' || username === owner.username),
    revokeApiKey(_owner, keyId) {
      const at = keys.findIndex(({ id }) => id === keyId);
      if (at === -1) return Promise.reject(new ApplicationError('api-key-not-found', 'no such key'));
      keys.splice(at, 1);
      return Promise.resolve();
    },
    onEnded({ role }, callback) {
      const ofRole = listeners.get(role) ?? new Set();
      listeners.set(role, ofRole.add(callback));
      return () => ofRole.delete(callback);
    },
    heldOf: (role) => listeners.get(role)?.size ?? 0,
    end(role) {
      ended.add(role);
      for (const callback of listeners.get(role) ?? []) callback();
    },
  };
}
