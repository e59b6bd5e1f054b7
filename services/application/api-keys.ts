/** API keys: made, used, listed and revoked; checked from memory. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { ActiveAccount } from '../domain/account.ts';
import { Refusal } from '../domain/refusal.ts';
import type { AccountDirectory } from './account-directory.ts';
import { type Clock, instantOf } from './clock.ts';
import type { Endings } from './endings.ts';
import type { Accounts, ApiKeySummary, Principal } from './ports/accounts.ts';
import { ApplicationError } from './ports/application-error.ts';
import type { CommandContext } from './ports/command-context.ts';
import { principalOf } from './principal.ts';
import { randomId } from './random-id.ts';
import { isAtLeast } from './role-rank.ts';
import type { InstallationSecrets } from './sealing.ts';
import type { SignInLog } from './sign-in-log.ts';

export interface ApiKeys extends Pick<Accounts, 'createApiKey' | 'revokeApiKey' | 'principalOfApiKey'> {
  /** Those of the accounts that `isShown`, the oldest first. */
  list(isShown: (account: ActiveAccount) => boolean): readonly ApiKeySummary[];
  /** Whose it is, whether it is good or not. */
  ownerOf(secret: string): ActiveAccount | undefined;
  find(keyId: string): ActiveAccount['apiKeys'][number] | undefined;
}

const keysPerAccount = 100;
const pattern = /^hp_([a-z0-9]{12})_([A-Za-z0-9_-]{43})$/;
/** That a key is used is recorded once in so long. */
const recordedEachMs = 24 * 3600_000;
/** What could not be recorded is tried again with the first use after so long. */
const triedAgainMs = 60_000;

/** Creates the keys of all accounts. */
export function createApiKeys(deps: {
  readonly directory: AccountDirectory;
  readonly signIns: SignInLog;
  readonly endings: Endings;
  readonly secrets: InstallationSecrets;
  readonly clock: Clock;
}): ApiKeys {
  const { directory, signIns, endings, secrets, clock } = deps;
  /** SHA-256 of each key, by its id. */
  const hashes = new Map<string, { readonly userId: string; readonly hash: Buffer }>();
  const lastUsed = new Map<string, string>();
  /** From when on the next use of a key is recorded. */
  const recordFromMs = new Map<string, number>();

  directory.onChanged((userId, after, before) => {
    const keys = after?.apiKeys ?? [];
    for (const { keyId } of before?.apiKeys ?? []) {
      if (keys.some((key) => key.keyId === keyId)) continue;
      hashes.delete(keyId);
      lastUsed.delete(keyId);
      recordFromMs.delete(keyId);
      endings.announce(`key:${keyId}`);
    }
    for (const { keyId, keyHash } of keys) {
      if (!hashes.has(keyId)) hashes.set(keyId, { userId, hash: Buffer.from(secrets.open(keyHash), 'base64') });
    }
  });
  signIns.onEvent((event) => {
    if (event.type !== 'ApiKeyUsed' || !hashes.has(event.data.keyId)) return;
    const { at, keyId } = event.data;
    if (at > (lastUsed.get(keyId) ?? '')) lastUsed.set(keyId, at);
    recordFromMs.set(keyId, Math.max(recordFromMs.get(keyId) ?? 0, Date.parse(at) + recordedEachMs));
  });

  function used(principal: Principal, keyId: string, address: string, correlationId: string): void {
    const now = clock.now();
    lastUsed.set(keyId, new Date(now).toISOString());
    if (now < (recordFromMs.get(keyId) ?? 0)) return;
    recordFromMs.set(keyId, now + recordedEachMs);
    const { userId, actor } = principal;
    void signIns.append({ type: 'ApiKeyUsed', data: { at: instantOf(clock), userId, keyId, address } }, { actor, correlationId }).catch(() => {
      recordFromMs.set(keyId, now + triedAgainMs);
    });
  }

  function find(keyId: string): ActiveAccount['apiKeys'][number] | undefined {
    const userId = hashes.get(keyId)?.userId;
    return userId === undefined ? undefined : directory.find(userId)?.apiKeys.find((key) => key.keyId === keyId);
  }

  function summary({ username }: ActiveAccount, key: ActiveAccount['apiKeys'][number]): ApiKeySummary {
    const { keyId: id, name, role, createdAt, expiresAt } = key;
    return { id, name, role, username, createdAt, expiresAt, lastUsedAt: lastUsed.get(id) ?? null };
  }

  /** Throws role-not-allowed, too-many-api-keys and invalid-expiry. */
  function checkNew(principal: Principal, role: ApiKeySummary['role'], expiresAt: string | null): void {
    if (!isAtLeast(principal.role, role)) {
      throw new ApplicationError('role-not-allowed', 'a key cannot have a higher role than the one who makes it', { pointer: '/role' });
    }
    if (principal.apiKeyId !== null && principal.role !== 'admin') {
      throw new ApplicationError('role-not-allowed', 'an API key makes other keys only where its role is admin; sign in to make one');
    }
    const own = directory.find(principal.userId)?.apiKeys ?? [];
    if (own.length >= keysPerAccount) {
      throw new ApplicationError('too-many-api-keys', `an account has at most ${String(keysPerAccount)} API keys; revoke one that is not used any more`);
    }
    const bound = own.find(({ keyId }) => keyId === principal.apiKeyId)?.expiresAt ?? null;
    if (bound !== null && (expiresAt === null || Date.parse(expiresAt) > Date.parse(bound))) {
      throw new ApplicationError('invalid-expiry', 'a key made by another must not outlive it: give an expiresAt no later than its own', { pointer: '/expiresAt' });
    }
    if (expiresAt !== null && Date.parse(expiresAt) <= clock.now()) {
      throw new ApplicationError('invalid-expiry', 'expiresAt must lie in the future', { pointer: '/expiresAt' });
    }
  }

  return {
    find,

    ownerOf(secret) {
      const keyId = pattern.exec(secret)?.[1];
      const userId = keyId === undefined ? undefined : hashes.get(keyId)?.userId;
      return userId === undefined ? undefined : directory.find(userId);
    },

    principalOfApiKey(secret, origin) {
      const keyId = pattern.exec(secret)?.[1];
      const known = keyId === undefined ? undefined : hashes.get(keyId);
      const account = known === undefined ? undefined : directory.find(known.userId);
      const key = account?.apiKeys.find((one) => one.keyId === keyId);
      if (known === undefined || account === undefined || key === undefined) return undefined;
      if (!timingSafeEqual(createHash('sha256').update(secret).digest(), known.hash)) return undefined;
      if (key.expiresAt !== null && Date.parse(key.expiresAt) <= clock.now()) return undefined;
      const principal = principalOf(account, { key });
      used(principal, key.keyId, origin.address, origin.correlationId);
      return principal;
    },

    async createApiKey(principal, { name, role, expiresAt: asked = null }, context: CommandContext) {
      const expiresAt = asked === null ? null : new Date(asked).toISOString();
      checkNew(principal, role, expiresAt);
      const keyId = randomId();
      const secret = `hp_${keyId}_${randomBytes(32).toString('base64url')}`;
      const keyHash = secrets.seal(createHash('sha256').update(secret).digest('base64'));
      const { state } = await directory.execute(principal.userId, { type: 'create-api-key', keyId, name, role, keyHash, expiresAt }, context).catch((error: unknown) => {
        throw error instanceof Refusal ? new ApplicationError('user-not-found', 'there is no account to make a key for: sign in as the one who is to have it') : error;
      });
      const key = find(keyId);
      if (state.status !== 'active' || key === undefined) throw new ApplicationError('api-key-not-found', 'the account was removed meanwhile');
      return { ...summary(state, key), secret };
    },

    list: (isShown) =>
      directory
        .all()
        .filter(isShown)
        .flatMap((account) => account.apiKeys.map((key) => summary(account, key)))
        .sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1)),

    async revokeApiKey(principal, keyId, context) {
      const owner = hashes.get(keyId)?.userId;
      if (principal.apiKeyId !== null && principal.apiKeyId !== keyId && principal.role !== 'admin') {
        throw new ApplicationError('role-not-allowed', 'an API key revokes others only where its role is admin; sign in to revoke one');
      }
      if (owner === undefined || (principal.role !== 'admin' && owner !== principal.userId)) {
        throw new ApplicationError('api-key-not-found', 'there is no such API key');
      }
      await directory.execute(owner, { type: 'revoke-api-key', keyId }, context).catch((error: unknown) => {
        throw error instanceof Refusal ? new ApplicationError('api-key-not-found', 'there is no such API key') : error;
      });
    },
  };
}
