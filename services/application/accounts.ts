/** Use cases of accounts: signing in, sessions, API keys; all checked from memory. */
import { createHash, createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import type { AccountCommand, AccountEvent, AccountState, ActiveAccount } from '../domain/account.ts';
import type { Role } from '../domain/events.ts';
import { Refusal } from '../domain/refusal.ts';
import type { EventReader } from '../event-store/port.ts';
import type { Aggregates } from './aggregates.ts';
import { createAttempts } from './attempts.ts';
import { createBoundedQueue } from './bounded-queue.ts';
import { type Clock, instantOf } from './clock.ts';
import type { EventLog } from './event-log.ts';
import { hashPassword, isPassword } from './passwords.ts';
import { peerGroup } from './peer-address.ts';
import { type Accounts, type ApiKeySummary, ApplicationError, type CommandContext, type Principal } from './ports.ts';
import { randomId } from './random-id.ts';
import type { InstallationSecrets } from './sealing.ts';
import { createSignInLog } from './sign-in-log.ts';

/** How long a session lasts. */
const sessionMs = 12 * 3600_000;
/** The longest that a timer can wait: whoever is still there after 24 days has to come back. */
const longestTimerMs = 2 ** 31 - 1;
const roleRank: Readonly<Record<Role, number>> = { metrics: 0, auditor: 1, operator: 2, admin: 3 };
const keysPerAccount = 100;
const apiKeyPattern = /^hp_([a-z0-9]{12})_([A-Za-z0-9_-]{43})$/;

export interface AccountDirectory extends Accounts {
  /** Reads the accounts; must come before anything else. True where there is none yet. */
  start(): Promise<{ readonly isEmpty: boolean }>;
  createUser(input: { readonly username: string; readonly password: string; readonly role: Role }, context: CommandContext): Promise<string>;
  close(): void;
}

/** Creates the use cases. */
export function createAccounts(deps: {
  readonly aggregates: Aggregates<AccountState, AccountCommand, AccountEvent>;
  readonly reader: EventReader;
  readonly log: EventLog;
  readonly secrets: InstallationSecrets;
  readonly clock: Clock;
}): AccountDirectory {
  const { aggregates, reader, log, secrets, clock } = deps;
  const sessionKey = secrets.derive('sessions v1');
  const signIns = createSignInLog({ reader, log, clock, keptMs: sessionMs });
  const attempts = createAttempts({ clock, limit: 9, windowMs: 60_000 });
  const floods = createAttempts({ clock, limit: 1, windowMs: 60_000 });
  /** Each takes 32 MiB and a thread for a while: a flood must not take them all. */
  const hashing = createBoundedQueue({ running: 2, waiting: 32 });
  const accounts = new Map<string, ActiveAccount>();
  const byName = new Map<string, string>();
  /** SHA-256 of each key, base64, by key id. */
  const keyHashes = new Map<string, { readonly userId: string; readonly hash: Buffer }>();
  const lastUsed = new Map<string, string>();
  const watchers = new Map<string, Set<() => void>>();
  /** Compared against where there is no such account, so that both take as long. */
  const nobody = hashPassword(randomUUID());

  aggregates.onRecorded((stream, { state }) => {
    take(stream.slice('user-'.length), state);
  });

  function take(userId: string, state: AccountState): void {
    const before = accounts.get(userId);
    if (state.status !== 'active') {
      if (before !== undefined) byName.delete(before.username.toLowerCase());
      accounts.delete(userId);
    } else {
      accounts.set(userId, state);
      byName.set(state.username.toLowerCase(), userId);
    }
    const isSame = state.status === 'active' && before?.role === state.role && before.passwordChangedAt === state.passwordChangedAt;
    if (before !== undefined && !isSame) announceEnd(userId);
    const keys = state.status === 'active' ? state.apiKeys : [];
    for (const { keyId } of before?.apiKeys ?? []) {
      if (keys.some((key) => key.keyId === keyId)) continue;
      keyHashes.delete(keyId);
      lastUsed.delete(keyId);
      announceEnd(keyId);
    }
    for (const { keyId, keyHash } of keys) {
      if (!keyHashes.has(keyId)) keyHashes.set(keyId, { userId, hash: Buffer.from(secrets.open(keyHash), 'base64') });
    }
  }

  function watch(id: string, ended: () => void): () => void {
    const those = watchers.get(id) ?? new Set();
    those.add(ended);
    watchers.set(id, those);
    return () => {
      those.delete(ended);
      if (those.size === 0 && watchers.get(id) === those) watchers.delete(id);
    };
  }

  function announceEnd(id: string): void {
    const those = watchers.get(id);
    watchers.delete(id);
    those?.forEach((ended) => {
      ended();
    });
  }

  function run(userId: string, command: Unaddressed, context: CommandContext) {
    return aggregates.execute(`user-${userId}`, { ...command, at: instantOf(clock), userId }, context);
  }

  function sign(text: string): Buffer {
    return createHmac('sha256', sessionKey).update(text).digest();
  }

  function sessionPrincipal(account: ActiveAccount, sessionId: string, expiresAtMs: number): Principal {
    const { userId, username, role } = account;
    const session = { id: sessionId, expiresAt: new Date(expiresAtMs).toISOString() };
    return { userId, username, role, actor: `user:${username}`, session, apiKeyId: null };
  }

  function summary(account: ActiveAccount, key: ActiveAccount['apiKeys'][number]): ApiKeySummary {
    const { keyId: id, name, role, createdAt, expiresAt } = key;
    return { id, name, role, username: account.username, createdAt, expiresAt, lastUsedAt: lastUsed.get(id) ?? null };
  }

  return {
    async start() {
      const states = new Map<string, AccountState>();
      for await (const page of reader.readAll({ filter: { streamPrefixes: ['user-'] } })) {
        for (const { stream } of page) {
          if (!states.has(stream)) states.set(stream, await aggregates.load(stream));
        }
      }
      for (const [stream, state] of states) take(stream.slice('user-'.length), state);
      await signIns.start();
      return { isEmpty: accounts.size === 0 };
    },

    async createUser({ username, password, role }, context) {
      const userId = randomId();
      const passwordHash = secrets.seal(await hashPassword(password));
      await run(userId, { type: 'create', username, role, passwordHash }, context);
      return userId;
    },

    async signIn({ username, password }, { address, correlationId }) {
      const userId = byName.get(username.toLowerCase());
      const account = userId === undefined ? undefined : accounts.get(userId);
      const peer = peerGroup(address);
      const context: CommandContext = { actor: account === undefined ? 'user:unknown' : `user:${account.username}`, correlationId };
      const refuse = async (reason: 'wrong-credentials' | 'too-many-attempts'): Promise<never> => {
        // A flood of failures must not become a flood of events: past the limit only the first of a window is recorded.
        if (reason === 'wrong-credentials' || !floods.fail(peer)) {
          await signIns.append({ type: 'SignInRefused', data: { at: instantOf(clock), username: account?.username ?? null, address, reason } }, context);
        }
        throw reason === 'wrong-credentials'
          ? new ApplicationError('wrong-credentials', 'the username or the password is not right')
          : new ApplicationError('too-many-attempts', 'too many failed attempts from this address; wait a minute', { retryAfterSeconds: attempts.retryAfterSeconds() });
      };
      // Counted before it is known to fail: attempts that come at the same time must count each other.
      if (attempts.isBarred(peer)) return refuse('too-many-attempts');
      attempts.fail(peer);
      const hash = account === undefined ? await nobody : secrets.open(account.passwordHash);
      const checking = hashing.run(() => isPassword(password, hash));
      if (checking === undefined) return refuse('too-many-attempts');
      if (!(await checking) || account === undefined) return refuse('wrong-credentials');
      attempts.forgive(peer);
      const sessionId = randomId();
      await signIns.append({ type: 'SignedIn', data: { at: instantOf(clock), userId: account.userId, username: account.username, sessionId, address } }, context);
      const expiresAtMs = clock.now() + sessionMs;
      const signed = `${account.userId}.${sessionId}.${String(expiresAtMs)}`;
      return { token: `${signed}.${sign(signed).toString('base64url')}`, principal: sessionPrincipal(account, sessionId, expiresAtMs) };
    },

    async signOut({ userId, username, session }, context) {
      if (session === null) return;
      await signIns.append({ type: 'SignedOut', data: { at: instantOf(clock), userId, username, sessionId: session.id } }, context);
      announceEnd(session.id);
    },

    principalOfSession(token) {
      const [userId, sessionId, expires, mac] = token.split('.');
      if (userId === undefined || sessionId === undefined || expires === undefined || mac === undefined) return undefined;
      const given = Buffer.from(mac, 'base64url');
      const right = sign(`${userId}.${sessionId}.${expires}`);
      if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
      const expiresAtMs = Number(expires);
      const account = accounts.get(userId);
      const isStale = expiresAtMs <= clock.now() || signIns.isEnded(sessionId);
      if (account === undefined || isStale || Date.parse(account.passwordChangedAt) > expiresAtMs - sessionMs) return undefined;
      return sessionPrincipal(account, sessionId, expiresAtMs);
    },

    principalOfApiKey(secret) {
      const [, keyId, random] = apiKeyPattern.exec(secret) ?? [];
      if (keyId === undefined || random === undefined) return undefined;
      const known = keyHashes.get(keyId);
      const account = known === undefined ? undefined : accounts.get(known.userId);
      const key = account?.apiKeys.find((one) => one.keyId === keyId);
      if (known === undefined || account === undefined || key === undefined) return undefined;
      if (!timingSafeEqual(createHash('sha256').update(secret).digest(), known.hash)) return undefined;
      const now = instantOf(clock);
      if (key.expiresAt !== null && key.expiresAt <= now) return undefined;
      lastUsed.set(keyId, now);
      const { userId, username } = account;
      const role = roleRank[key.role] < roleRank[account.role] ? key.role : account.role;
      return { userId, username, role, actor: `user:${username}/key:${keyId}`, session: null, apiKeyId: keyId };
    },

    async createApiKey(principal, { name, role, expiresAt = null }, context) {
      if (roleRank[role] > roleRank[principal.role]) {
        throw new ApplicationError('role-not-allowed', 'a key cannot have a higher role than the one who makes it', { pointer: '/role' });
      }
      if (principal.apiKeyId !== null && principal.role !== 'admin') {
        throw new ApplicationError('role-not-allowed', 'an API key makes other keys only where its role is admin; sign in to make one');
      }
      const maker = accounts.get(principal.userId)?.apiKeys ?? [];
      if (maker.length >= keysPerAccount) {
        throw new ApplicationError('too-many-api-keys', `an account has at most ${String(keysPerAccount)} API keys; revoke one that is not used any more`);
      }
      const bound = maker.find(({ keyId }) => keyId === principal.apiKeyId)?.expiresAt ?? null;
      if (bound !== null && (expiresAt === null || expiresAt > bound)) {
        throw new ApplicationError('invalid-expiry', 'a key made by another must not outlive it: give an expiresAt no later than its own', { pointer: '/expiresAt' });
      }
      if (expiresAt !== null && Date.parse(expiresAt) <= clock.now()) {
        throw new ApplicationError('invalid-expiry', 'expiresAt must lie in the future', { pointer: '/expiresAt' });
      }
      const keyId = randomId();
      const secret = `hp_${keyId}_${randomBytes(32).toString('base64url')}`;
      const keyHash = secrets.seal(createHash('sha256').update(secret).digest('base64'));
      await run(principal.userId, { type: 'create-api-key', keyId, name, role, keyHash, expiresAt }, context);
      const account = accounts.get(principal.userId);
      const key = account?.apiKeys.find((one) => one.keyId === keyId);
      if (account === undefined || key === undefined) throw new ApplicationError('api-key-not-found', 'the account was removed meanwhile');
      return { ...summary(account, key), secret };
    },

    listApiKeys(principal) {
      return [...accounts.values()]
        .filter(({ userId }) => principal.role === 'admin' || userId === principal.userId)
        .flatMap((account) => account.apiKeys.map((key) => summary(account, key)))
        .sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
    },

    async revokeApiKey(principal, keyId, context) {
      const owner = keyHashes.get(keyId)?.userId;
      if (principal.apiKeyId !== null && principal.apiKeyId !== keyId && principal.role !== 'admin') {
        throw new ApplicationError('role-not-allowed', 'an API key revokes others only where its role is admin; sign in to revoke one');
      }
      if (owner === undefined || (principal.role !== 'admin' && owner !== principal.userId)) {
        throw new ApplicationError('api-key-not-found', 'there is no such API key');
      }
      try {
        await run(owner, { type: 'revoke-api-key', keyId }, context);
      } catch (error) {
        if (error instanceof Refusal) throw new ApplicationError('api-key-not-found', 'there is no such API key');
        throw error;
      }
    },

    onEnded({ userId, session, apiKeyId }, ended) {
      const expiresAt = session?.expiresAt ?? accounts.get(userId)?.apiKeys.find(({ keyId }) => keyId === apiKeyId)?.expiresAt ?? null;
      const ways = [watch(userId, ended), watch(session?.id ?? apiKeyId ?? '', ended)];
      if (expiresAt !== null) ways.push(clock.after(Math.min(Math.max(0, Date.parse(expiresAt) - clock.now()), longestTimerMs), ended));
      return () => {
        for (const way of ways) way();
      };
    },

    close() {
      attempts.close();
      floods.close();
    },
  };
}

type WithoutAddress<Command> = Command extends AccountCommand ? Omit<Command, 'at' | 'userId'> : never;
type Unaddressed = WithoutAddress<AccountCommand>;
