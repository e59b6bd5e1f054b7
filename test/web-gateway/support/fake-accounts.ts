/** Accounts in memory: one user of each role, with a session and an API key whose secrets tell the role. */
import { ApplicationError, type Accounts, type ApiKeySummary, type Principal } from '../../../services/application/ports.ts';
import type { Role } from '../../../services/domain/events.ts';

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
  /** Ends everything that the role's user holds open. */
  end(role: Role): void;
}

export function createFakeAccounts(): FakeAccounts {
  const listeners = new Map<string, Set<() => void>>();
  const ended = new Set<Role>();
  const keys: ApiKeySummary[] = [];
  let nextKey = 1;

  function principal(role: Role, by: 'session' | 'api-key'): Principal {
    const username = `the-${role}`;
    return {
      userId: role,
      username,
      role,
      actor: `user:${username}`,
      session: by === 'session' ? { id: role, expiresAt: '2099-01-01T00:00:00.000Z' } : null,
      apiKeyId: by === 'api-key' ? role : null,
    };
  }
  const known = (secret: string, secretOf: (role: Role) => string): Role | undefined => ROLES.find((role) => secretOf(role) === secret && !ended.has(role));

  return {
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
    end(role) {
      ended.add(role);
      for (const callback of listeners.get(role) ?? []) callback();
    },
  };
}
