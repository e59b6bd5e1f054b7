/** Sessions: each begun by a sign-in, ended by sign-out, revocation, time or disuse; all checked from memory. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ActiveAccount } from '../domain/account.ts';
import type { SignInMethod } from '../domain/events.ts';
import type { AccountDirectory } from './account-directory.ts';
import { type Clock, instantOf } from './clock.ts';
import type { Endings } from './endings.ts';
import type { Principal, SessionSummary } from './ports/accounts.ts';
import { ApplicationError } from './ports/application-error.ts';
import type { CommandContext } from './ports/command-context.ts';
import type { SettingsAccess } from './ports/settings.ts';
import { principalOf } from './principal.ts';
import { randomId } from './random-id.ts';
import type { InstallationSecrets } from './sealing.ts';
import type { SignInEvent, SignInLog } from './sign-in-log.ts';

interface Session {
  readonly id: string;
  readonly userId: string;
  readonly address: string;
  readonly method: SignInMethod;
  readonly startedAtMs: number;
  readonly expiresAtMs: number;
  /** When it was last used. After a restart of the server: that moment, at the earliest. */
  lastUsedAtMs: number;
  /** Streams and calls it has open: while there are any it is in use. */
  held: number;
}

export interface Sessions {
  /** `token` is the cookie's value. Throws ApplicationError event-store-unavailable. */
  begin(account: ActiveAccount, by: { readonly address: string; readonly method: SignInMethod }, context: CommandContext): Promise<{ readonly token: string; readonly principal: Principal }>;
  /** Who it stands for, which counts as use; undefined where it is not good. */
  principalOf(token: string): Principal | undefined;
  isGood(sessionId: string): boolean;
  /** It is in use until the way out is taken. */
  hold(sessionId: string): () => void;
  signOut(principal: Principal, context: CommandContext): Promise<void>;
  /** The newest first. */
  list(): readonly SessionSummary[];
  /** Throws session-not-found. */
  revoke(sessionId: string, context: CommandContext): Promise<void>;
  /** All of an account's. */
  revokeAll(userId: string, context: CommandContext): Promise<void>;
  /** When the account last began one, as far back as sign-ins are read. */
  lastSignedInAt(userId: string): string | null;
}

/** Of one account at a time; beginning one more ends the one that was not used for longest. */
const sessionsPerAccount = 50;
/** No setting makes them last longer; sign-ins are read back so far. */
export const longestSessionMs = 31 * 24 * 3600_000;

/** Creates the sessions of all accounts. */
export function createSessions(deps: {
  readonly directory: Pick<AccountDirectory, 'find' | 'onChanged'>;
  readonly signIns: SignInLog;
  readonly endings: Endings;
  readonly settings: Pick<SettingsAccess, 'current'>;
  readonly secrets: Pick<InstallationSecrets, 'derive'>;
  readonly clock: Clock;
}): Sessions {
  const { directory, signIns, endings, settings, clock } = deps;
  const key = deps.secrets.derive('sessions v1');
  const sessions = new Map<string, Session>();
  /** When each ended: its beginning may be read after that. */
  const ended = new Map<string, number>();
  const lastSignIns = new Map<string, string>();

  signIns.onEvent(take);
  directory.onChanged((userId, after, before) => {
    if (before === undefined || after?.passwordHash?.sealed === before.passwordHash?.sealed) return;
    for (const { id } of ofAccount(userId)) sessions.delete(id);
  });

  function take(event: SignInEvent): void {
    if (event.type === 'SignedOut' || event.type === 'SessionRevoked') {
      ended.set(event.data.sessionId, Date.parse(event.data.at));
      sessions.delete(event.data.sessionId);
      endings.announce(`session:${event.data.sessionId}`);
    }
    if (event.type !== 'SignedIn') return;
    const { at, userId, sessionId: id, address, method, expiresAt } = event.data;
    if (at > (lastSignIns.get(userId) ?? '')) lastSignIns.set(userId, at);
    const expiresAtMs = Date.parse(expiresAt);
    if (ended.has(id) || sessions.has(id) || !(expiresAtMs > clock.now())) return;
    sessions.set(id, { id, userId, address, method, startedAtMs: Date.parse(at), expiresAtMs, lastUsedAtMs: clock.now(), held: 0 });
  }

  function sign(text: string): Buffer {
    return createHmac('sha256', key).update(text).digest();
  }

  function isAlive(session: Session): boolean {
    const now = clock.now();
    const account = directory.find(session.userId);
    const isIdle = session.held === 0 && now - session.lastUsedAtMs > settings.current().sessionIdleSeconds * 1000;
    return account !== undefined && session.expiresAtMs > now && !isIdle && Date.parse(account.passwordChangedAt) <= session.startedAtMs;
  }

  /** Forgets what has ended by itself. */
  function sweep(): void {
    for (const session of sessions.values()) if (!isAlive(session)) sessions.delete(session.id);
    for (const [id, endedAtMs] of ended) if (clock.now() - endedAtMs > longestSessionMs) ended.delete(id);
  }

  function ofAccount(userId: string): readonly Session[] {
    return [...sessions.values()].filter((session) => session.userId === userId);
  }

  function revokeOne(session: Session, context: CommandContext): Promise<void> {
    return signIns.append({ type: 'SessionRevoked', data: { at: instantOf(clock), userId: session.userId, sessionId: session.id } }, context);
  }

  return {
    async begin(account, { address, method }, context) {
      sweep();
      const oldest = ofAccount(account.userId).toSorted((a, b) => a.lastUsedAtMs - b.lastUsedAtMs);
      for (const session of oldest.slice(0, Math.max(0, oldest.length - sessionsPerAccount + 1))) await revokeOne(session, context);
      const { userId, username } = account;
      const sessionId = randomId();
      const expiresAtMs = clock.now() + settings.current().sessionSeconds * 1000;
      const expiresAt = new Date(expiresAtMs).toISOString();
      await signIns.append({ type: 'SignedIn', data: { at: instantOf(clock), userId, username, sessionId, address, method, expiresAt } }, context);
      const signed = `${userId}.${sessionId}.${String(expiresAtMs)}`;
      return { token: `${signed}.${sign(signed).toString('base64url')}`, principal: principalOf(account, { session: { id: sessionId, expiresAt } }) };
    },

    principalOf(token) {
      const [userId, sessionId, expires, mac] = token.split('.');
      if (userId === undefined || sessionId === undefined || expires === undefined || mac === undefined) return undefined;
      const given = Buffer.from(mac, 'base64url');
      const right = sign(`${userId}.${sessionId}.${expires}`);
      if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
      const session = sessions.get(sessionId);
      const account = directory.find(userId);
      if (session === undefined || account === undefined || !isAlive(session)) return undefined;
      session.lastUsedAtMs = clock.now();
      return principalOf(account, { session: { id: sessionId, expiresAt: new Date(session.expiresAtMs).toISOString() } });
    },

    isGood(sessionId) {
      const session = sessions.get(sessionId);
      return session !== undefined && isAlive(session);
    },

    hold(sessionId) {
      const session = sessions.get(sessionId);
      if (session === undefined) return () => undefined;
      session.held++;
      let isHeld = true;
      return () => {
        if (!isHeld) return;
        isHeld = false;
        session.held--;
        session.lastUsedAtMs = clock.now();
      };
    },

    async signOut({ userId, username, session }, context) {
      if (session === null) return;
      await signIns.append({ type: 'SignedOut', data: { at: instantOf(clock), userId, username, sessionId: session.id } }, context);
    },

    list() {
      sweep();
      return [...sessions.values()]
        .map(({ id, userId, address, method, startedAtMs, expiresAtMs, lastUsedAtMs, held }) => ({
          id,
          userId,
          username: directory.find(userId)?.username ?? '',
          method,
          address,
          createdAt: new Date(startedAtMs).toISOString(),
          lastUsedAt: held > 0 ? instantOf(clock) : new Date(lastUsedAtMs).toISOString(),
          expiresAt: new Date(expiresAtMs).toISOString(),
        }))
        .sort((a, b) => (a.createdAt > b.createdAt || (a.createdAt === b.createdAt && a.id < b.id) ? -1 : 1));
    },

    async revoke(sessionId, context) {
      const session = sessions.get(sessionId);
      if (session === undefined || !isAlive(session)) throw new ApplicationError('session-not-found', 'there is no such session');
      await revokeOne(session, context);
    },

    async revokeAll(userId, context) {
      for (const session of ofAccount(userId)) await revokeOne(session, context);
    },

    lastSignedInAt: (userId) => lastSignIns.get(userId) ?? null,
  };
}
