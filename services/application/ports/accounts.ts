/** Who someone is: sessions, API keys, and what they may do. */
import type { Instant, Role, SignInMethod } from '../../domain/events.ts';
import type { CommandContext } from './command-context.ts';

/** Who is signed in, by a session or by an API key. */
export interface Principal {
  readonly userId: string;
  readonly username: string;
  /** The account's role, or the key's where that is lower. */
  readonly role: Role;
  /** An operator, by whatever key, reaches the environments that it is granted; all others every one. */
  readonly reach: 'everything' | 'granted';
  readonly actor: string;
  readonly session: { readonly id: string; readonly expiresAt: Instant } | null;
  readonly apiKeyId: string | null;
}

/** Where a request comes from: the peer's IP address, and the id that ties all together that it causes. */
export interface RequestOrigin {
  readonly address: string;
  readonly correlationId: string;
}

export interface ApiKeySummary {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly username: string;
  readonly createdAt: Instant;
  readonly expiresAt: Instant | null;
  /** Exact since the server started; before that, to the day, and at most a month back. */
  readonly lastUsedAt: Instant | null;
}

export interface SessionSummary {
  /** Public; not what the cookie holds. */
  readonly id: string;
  readonly userId: string;
  readonly username: string;
  readonly method: SignInMethod;
  /** The IP address signed in from. */
  readonly address: string;
  readonly createdAt: Instant;
  readonly lastUsedAt: Instant;
  readonly expiresAt: Instant;
}

/** Who somebody is, by a provider's word. */
export interface ProvenIdentity {
  readonly issuer: string;
  readonly subject: string;
  /** What the provider calls them: made into a username at the first sign-in. */
  readonly username: string;
  /** What their groups give; undefined where none of them gives any. */
  readonly role: Role | undefined;
}

export interface Accounts {
  /** Throws wrong-credentials (the same for an unknown name) and too-many-attempts. `token` is the cookie's value. */
  signIn(
    credentials: { readonly username: string; readonly password: string },
    origin: RequestOrigin,
  ): Promise<{ readonly token: string; readonly principal: Principal }>;
  /**
   * `redeem` asks the provider, and is called only while not too many from there have failed. The account is made where there is none,
   * and has the role that the provider gives. Throws too-many-attempts, sign-in-not-allowed, and what `redeem` throws; all are recorded.
   */
  signInByIdentity(redeem: () => Promise<ProvenIdentity>, origin: RequestOrigin): Promise<{ readonly token: string; readonly principal: Principal }>;
  /** Another session for whoever changed the password, which ended the one there was. Throws user-not-found. */
  renewSession(principal: Principal, origin: RequestOrigin): Promise<{ readonly token: string; readonly principal: Principal }>;
  signOut(principal: Principal, context: CommandContext): Promise<void>;
  /** From memory, in constant time; undefined where it is not good. Counts as use. */
  principalOfSession(token: string): Principal | undefined;
  /** From memory, in constant time; undefined where it is not good. */
  principalOfApiKey(secret: string, origin: RequestOrigin): Principal | undefined;
  /** Records that a key was refused, so many a minute and no more. Throws event-store-unavailable. */
  apiKeyRefused(secret: string, origin: RequestOrigin): Promise<void>;
  /** The secret (`hp_…`) is given once. Throws role-not-allowed (above one's own; by a key that is no admin's), invalid-expiry and too-many-api-keys. */
  createApiKey(
    principal: Principal,
    input: { readonly name: string; readonly role: Role; readonly expiresAt?: Instant | null },
    context: CommandContext,
  ): Promise<ApiKeySummary & { readonly secret: string }>;
  /** One's own; all where one may know of all accounts. */
  listApiKeys(principal: Principal): readonly ApiKeySummary[];
  /** Throws api-key-not-found and role-not-allowed. Ends what the key holds open. */
  revokeApiKey(principal: Principal, keyId: string, context: CommandContext): Promise<void>;
  /** As with API keys. The newest first. */
  listSessions(principal: Principal): readonly SessionSummary[];
  /** One's own, or as an admin. Throws session-not-found and role-not-allowed. Ends what the session holds open. */
  revokeSession(principal: Principal, sessionId: string, context: CommandContext): Promise<void>;
  /**
   * Calls back when the principal's session or key has ended, or its account another role, so that streams and channels can be
   * ended too; at once where that is so already. Until the way out, which is returned, is taken, a session counts as used.
   */
  onEnded(principal: Principal, ended: () => void): () => void;
}
