/** Use cases of accounts, put together: signing in, sessions, API keys, users, and what each may reach; all checked from memory. */
import type { AccountCommand, AccountEvent, AccountState } from '../domain/account.ts';
import type { EventReader } from '../event-store/port.ts';
import { createAccountDirectory } from './account-directory.ts';
import type { Aggregates } from './aggregates.ts';
import { createApiKeys } from './api-keys.ts';
import type { Clock } from './clock.ts';
import { createEndings } from './endings.ts';
import { createEnvironmentAccess } from './environment-access.ts';
import type { EnvironmentStreams } from './environment-streams.ts';
import type { EventLog } from './event-log.ts';
import { createIdentitySignIn } from './identity-sign-in.ts';
import { createInTurn } from './in-turn.ts';
import { createPasswordCheck } from './password-check.ts';
import type { PasswordCost } from './passwords.ts';
import { peerGroup } from './peer-address.ts';
import type { Accounts, Principal } from './ports/accounts.ts';
import { ApplicationError } from './ports/application-error.ts';
import type { CommandContext } from './ports/command-context.ts';
import type { SettingsAccess } from './ports/settings.ts';
import type { EnvironmentAccess, Users } from './ports/users.ts';
import { isAtLeast } from './role-rank.ts';
import type { InstallationSecrets } from './sealing.ts';
import { createSessions, longestSessionMs } from './sessions.ts';
import { createSignInLog } from './sign-in-log.ts';
import { createSignInRefusals } from './sign-in-refusals.ts';
import { createUsers } from './users.ts';

export interface AccountUseCases extends Accounts {
  readonly users: Users;
  readonly environmentAccess: EnvironmentAccess;
  /** Reads the accounts; must come before anything else. True where there is none yet. */
  start(): Promise<{ readonly isEmpty: boolean }>;
  /** Called after an account's password was changed. */
  onPasswordChanged(listener: (username: string) => void): void;
  close(): Promise<void>;
}

/** The longest that a timer can wait: whoever is still there after 24 days has to come back. */
const longestTimerMs = 2 ** 31 - 1;

/** Creates the use cases. `actor` is who records what nobody in particular did. */
export function createAccounts(deps: {
  readonly aggregates: Aggregates<AccountState, AccountCommand, AccountEvent>;
  readonly environments: Pick<EnvironmentStreams, 'load' | 'onRecorded'>;
  readonly settings: Pick<SettingsAccess, 'current'>;
  readonly reader: EventReader;
  readonly log: EventLog;
  readonly secrets: InstallationSecrets;
  readonly clock: Clock;
  readonly actor: string;
  readonly passwordCost?: PasswordCost | undefined;
}): AccountUseCases {
  const { aggregates, environments, settings, reader, log, secrets, clock, actor } = deps;
  const directory = createAccountDirectory({ aggregates, reader, clock });
  const endings = createEndings();
  const signIns = createSignInLog({ reader, log, clock, keptMs: longestSessionMs });
  const refusals = createSignInRefusals({ signIns, clock, actor });
  const passwords = createPasswordCheck({ clock, cost: deps.passwordCost });
  const environmentAccess = createEnvironmentAccess({ directory, environments });
  const sessions = createSessions({ directory, signIns, endings, settings, secrets, clock });
  const keys = createApiKeys({ directory, signIns, endings, secrets, clock });
  const inTurn = createInTurn();
  const users = createUsers({ directory, sessions, passwords, secrets, seesAll, inTurn });
  const identities = createIdentitySignIn({ directory, sessions, refusals, clock, inTurn });
  const passwordListeners: ((username: string) => void)[] = [];

  directory.onChanged((userId, after, before) => {
    if (before === undefined) return;
    if (after?.role !== before.role) endings.announce(`user:${userId}`);
    if (after === undefined || after.passwordHash?.sealed === before.passwordHash?.sealed) return;
    endings.announce(`sessions-of:${userId}`);
    for (const listener of passwordListeners) listener(after.username);
  });

  /** An auditor reads everything; an operator what grants reach, and everything where those do. */
  function seesAll(principal: Principal): boolean {
    return isAtLeast(principal.role, 'auditor') && environmentAccess.tagsInReach(principal) === undefined;
  }

  function contextOf(account: { readonly username: string } | undefined, correlationId: string): CommandContext {
    return { actor: account === undefined ? 'user:unknown' : `user:${account.username}`, correlationId };
  }

  /** Whether the principal still is what it was when it was let in. */
  function isGood({ userId, session, apiKeyId }: Principal): boolean {
    if (session !== null) return sessions.isGood(session.id);
    if (apiKeyId === null) return true;
    const key = keys.find(apiKeyId);
    return directory.find(userId) !== undefined && key !== undefined && (key.expiresAt === null || Date.parse(key.expiresAt) > clock.now());
  }

  return {
    users,
    environmentAccess,
    principalOfSession: sessions.principalOf,
    principalOfApiKey: keys.principalOfApiKey,
    createApiKey: keys.createApiKey,
    revokeApiKey: keys.revokeApiKey,
    signOut: sessions.signOut,
    signInByIdentity: identities.signInByIdentity,

    async start() {
      await directory.start();
      await signIns.start();
      return { isEmpty: directory.all().length === 0 };
    },

    async signIn({ username, password }, { address, correlationId }) {
      const account = directory.named(username);
      const context = contextOf(account, correlationId);
      const sealed = account?.passwordHash ?? null;
      const hash = sealed === null ? undefined : secrets.open(sealed);
      const refuse = async (reason: 'wrong-credentials' | 'too-many-attempts'): Promise<void> => {
        await refusals.record({ username: account?.username ?? null, address, reason }, context);
      };
      const isRight = await passwords.isRight(password, hash, peerGroup(address)).catch(async (error: unknown) => {
        if (error instanceof ApplicationError && error.code === 'too-many-attempts') await refuse(error.code);
        throw error;
      });
      if (!isRight || account === undefined) {
        await refuse('wrong-credentials');
        throw new ApplicationError('wrong-credentials', 'the username or the password is not right');
      }
      return sessions.begin(account, { address, method: 'password' }, context);
    },

    async renewSession(principal, { address, correlationId }) {
      const account = directory.find(principal.userId);
      if (account === undefined) throw new ApplicationError('user-not-found', 'there is no such user');
      return sessions.begin(account, { address, method: 'password' }, contextOf(account, correlationId));
    },

    async apiKeyRefused(secret, { address, correlationId }) {
      const owner = keys.ownerOf(secret);
      await refusals.record({ username: owner?.username ?? null, address, reason: 'api-key-not-good' }, contextOf(owner, correlationId));
    },

    listApiKeys: (principal) => keys.list(({ userId }) => userId === principal.userId || seesAll(principal)),
    listSessions: (principal) => sessions.list().filter(({ userId }) => userId === principal.userId || seesAll(principal)),

    async revokeSession(principal, sessionId, context) {
      const session = sessions.list().find(({ id }) => id === sessionId);
      const isOwn = session?.userId === principal.userId;
      if (session === undefined || (!isOwn && !seesAll(principal))) throw new ApplicationError('session-not-found', 'there is no such session');
      if (principal.role !== 'admin' && (!isOwn || principal.apiKeyId !== null)) {
        throw new ApplicationError('role-not-allowed', "only an admin ends others' sessions; sign in to end your own");
      }
      await sessions.revoke(sessionId, context);
    },

    onEnded(principal, ended) {
      if (!isGood(principal)) {
        ended();
        return () => undefined;
      }
      const { userId, session, apiKeyId } = principal;
      const ids = [`user:${userId}`, ...(session === null ? [] : [`sessions-of:${userId}`, `session:${session.id}`]), ...(apiKeyId === null ? [] : [`key:${apiKeyId}`])];
      const ways: (() => void)[] = session === null ? [] : [sessions.hold(session.id)];
      const leave = (): void => {
        for (const way of ways.splice(0)) way();
      };
      // Whatever ends first; the others are nobody's business any more.
      const endedOnce = (): void => {
        leave();
        ended();
      };
      ways.push(...ids.map((id) => endings.watch(id, endedOnce)));
      const expiresAt = session?.expiresAt ?? (apiKeyId === null ? undefined : keys.find(apiKeyId)?.expiresAt) ?? null;
      if (expiresAt !== null) ways.push(clock.after(Math.min(Math.max(0, Date.parse(expiresAt) - clock.now()), longestTimerMs), endedOnce));
      return leave;
    },

    onPasswordChanged(listener) {
      passwordListeners.push(listener);
    },

    async close() {
      passwords.close();
      identities.close();
      await refusals.close();
    },
  };
}
