/** What the edges and the gateway ask of the application, and what the application asks of them. */
import type { Position } from '../event-store/port.ts';
import type {
  AgentReport,
  CredentialsRefusalReason,
  DisconnectReason,
  Grant,
  Instant,
  PollRejectionReason,
  Role,
  Settings,
  SignInMethod,
  TunnelLossReason,
} from '../domain/events.ts';
import type { SignedCheckpoint } from '../domain/checkpoint.ts';
import type { SnapshotContent } from '../domain/snapshot.ts';
import type { FailedAddress } from '../domain/environment.ts';
import type { EnvironmentAccessLevel } from '../domain/grants.ts';
import type { TunnelCertificateState } from '../domain/tunnel-certificate.ts';
import type { TunnelKey } from '../domain/tunnel-key.ts';

/** Where a command comes from; copied into the metadata of each event it causes. */
export interface CommandContext {
  /** Who: `user:<username>`, `user:<username>/key:<id>`, `agent:<environment id>/<node>` or `system:<control-plane node>`. */
  readonly actor: string;
  /** UUID that ties a request to all it causes. */
  readonly correlationId: string;
  /** The id of the event that caused this, where one did. */
  readonly causationId?: string;
}

/** A use case's refusal. Each edge maps `code` to its own status in one table. */
export type ApplicationErrorCode =
  | 'environment-not-found'
  | 'environment-removed'
  | 'node-not-found'
  | 'name-taken'
  | 'invalid-name'
  | 'invalid-address'
  | 'loopback-address'
  | 'edge-id-not-barred'
  | 'invalid-tags'
  | 'invalid-poll-interval'
  | 'invalid-settings'
  | 'tunnel-timeout'
  | 'agent-not-polling'
  | 'tunnel-disconnected'
  | 'wrong-credentials'
  | 'too-many-attempts'
  | 'api-key-not-found'
  | 'too-many-api-keys'
  | 'role-not-allowed'
  | 'read-only-access'
  | 'session-not-found'
  | 'user-not-found'
  | 'username-taken'
  | 'too-many-users'
  | 'last-admin'
  | 'invalid-username'
  | 'invalid-grants'
  | 'weak-password'
  | 'no-password-here'
  | 'sign-in-not-allowed'
  | 'current-password-wrong'
  | 'invalid-expiry'
  | 'unknown-event-type'
  | 'event-store-unavailable'
  | 'checkpoints-not-kept'
  | 'precondition-failed'
  | 'conflict';

export class ApplicationError extends Error {
  override readonly name = 'ApplicationError';
  readonly code: ApplicationErrorCode;
  /** Where the input is at fault: a JSON Pointer into it. */
  readonly pointer: string | undefined;
  /** With too-many-attempts, tunnel-timeout and event-store-unavailable: when it is worth trying again. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ApplicationErrorCode,
    message: string,
    details: { readonly pointer?: string; readonly retryAfterSeconds?: number; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: details.cause });
    this.code = code;
    this.pointer = details.pointer;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

// ---- environments -----------------------------------------------------------------------------------------------

export interface NewEnvironment {
  readonly name: string;
  /** host:port that agents call. */
  readonly address: string;
  /** host:port; by default the address's host with the tunnel port. */
  readonly tunnelAddress?: string;
  readonly tags?: readonly string[];
  /** Whole seconds, 1 to 86,400; null or absent follows the settings. */
  readonly pollIntervalSeconds?: number | null;
  readonly allowLoopback?: boolean;
  readonly requireIssuedEdgeId?: boolean;
}

/** RFC 7396: absent is unchanged. */
export type EnvironmentChanges = Partial<Pick<NewEnvironment, 'name' | 'address' | 'tunnelAddress' | 'tags' | 'pollIntervalSeconds' | 'allowLoopback'>>;

/** What an admin may change of an environment. */
export type EditableEnvironment = Required<Pick<NewEnvironment, 'name' | 'address' | 'tunnelAddress' | 'tags'>> & { readonly pollIntervalSeconds: number | null };

/** Asked about what is there at the moment of the decision: where it answers false nothing changes, and precondition-failed is thrown. */
export type OnlyIf<Current> = (current: Current) => boolean;

/** What an agent needs to join. */
export interface Deployment {
  /** The Edge ID to put into the command: the issued one, or the one associated. */
  readonly edgeId: string;
  /** EDGE_KEY. */
  readonly joinToken: string;
}

export interface Environments {
  /** Throws name-taken, invalid-name, invalid-address, loopback-address, invalid-tags, invalid-poll-interval, event-store-unavailable. */
  create(input: NewEnvironment, context: CommandContext): Promise<Deployment & { readonly environmentId: string; readonly position: Position }>;
  /** Throws as create, environment-not-found and precondition-failed. `position` is undefined where nothing changed. */
  change(environmentId: string, changes: EnvironmentChanges, context: CommandContext, onlyIf?: OnlyIf<EditableEnvironment>): Promise<{ readonly position: Position | undefined }>;
  /**
   * Makes all join tokens printed so far useless: its polls and tunnels end, and its agents are refused until they have the
   * new one. Throws environment-not-found.
   */
  rotateToken(environmentId: string, context: CommandContext): Promise<Deployment & { readonly position: Position }>;
  /**
   * Parts it from its agent: its polls and tunnels end, the Edge ID is barred, and a new one is issued. `position` is
   * undefined where none was associated. Throws environment-not-found.
   */
  disassociate(environmentId: string, context: CommandContext): Promise<{ readonly position: Position | undefined }>;
  /** Lets a barred Edge ID associate again. Throws environment-not-found and edge-id-not-barred. */
  allowEdgeId(environmentId: string, edgeId: string, context: CommandContext): Promise<{ readonly position: Position }>;
  /** Ends its polls and tunnels, for ever. Throws environment-not-found. */
  remove(environmentId: string, context: CommandContext): Promise<{ readonly position: Position }>;
  /** Throws environment-not-found. */
  deployment(environmentId: string): Promise<Deployment>;
}

// ---- connections ------------------------------------------------------------------------------------------------

export type TunnelStatus =
  | { readonly state: 'closed' | 'required' | 'opening' | 'open'; readonly since: Instant | null; readonly lastFailure: TunnelFailureNote | null };

export interface TunnelFailureNote {
  readonly reason: string;
  readonly detail: string;
  readonly at: Instant;
}

/** Selecting an environment, and all that follows. */
export interface Connections {
  /**
   * The key of the tunnel to a Swarm node, by its id or its host name; null is the environment's own. Throws node-not-found
   * (also where several nodes have that name), and for a node environment-not-found and environment-removed.
   */
  keyOf(environmentId: string, node: string | null): Promise<TunnelKey>;
  /** Makes the tunnel required (once; asking again is free). Throws environment-not-found, environment-removed, event-store-unavailable. */
  require(key: TunnelKey, context: CommandContext): Promise<{ readonly position: Position | undefined }>;
  /**
   * Resolves when the tunnel is open and can be dialled, at once where it is. Throws tunnel-timeout, agent-not-polling
   * (no poll is due to come in time), tunnel-disconnected, environment-removed; or the signal's reason.
   */
  waitUntilOpen(key: TunnelKey, options: { readonly timeoutMs: number; readonly signal?: AbortSignal }): Promise<void>;
  /** Closes it now and ends the requirement. */
  disconnect(key: TunnelKey, context: CommandContext): Promise<{ readonly position: Position | undefined }>;
  /** Counts as use. Throws environment-not-found. */
  keepAlive(key: TunnelKey): Promise<void>;
  status(key: TunnelKey): Promise<TunnelStatus>;
}

// ---- what the tunnels' edge asks --------------------------------------------------------------------------------

/** An agent's hello on the tunnel port. */
export interface TunnelOpening {
  readonly environmentId: string;
  readonly credentialsId: string;
  readonly secret: Uint8Array;
  readonly instanceId: string;
  /** The peer's IP address. */
  readonly address: string;
}

/** A tunnel whose credentials were consumed. */
export interface OpenedTunnel {
  readonly key: TunnelKey;
  readonly credentialsId: string;
  readonly agentNode: string;
  readonly instanceId: string;
  /** How long without use until the agent asks whether it may close. */
  readonly inactivityMs: number;
  readonly maxChannels: number;
}

export class CredentialsRefused extends Error {
  override readonly name = 'CredentialsRefused';
  readonly reason: CredentialsRefusalReason | 'event-store-unavailable';

  constructor(reason: CredentialsRefusalReason | 'event-store-unavailable', message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The decisions behind the tunnel port. */
export interface TunnelGate {
  /** Consumes the credentials: of two with the same one wins. Throws {@link CredentialsRefused}, already recorded. */
  open(opening: TunnelOpening): Promise<OpenedTunnel>;
  /** Records a hello that can't even be read, without a word of it. Returns the refusal to send. */
  refuseMalformed(address: string): CredentialsRefused;
  /** The tunnel can be dialled from now on: wakes those who wait. Called by the edge once it is registered as live. */
  ready(tunnel: OpenedTunnel): void;
  /** It is gone without a goodbye. Never throws: what can't be recorded now is recorded later. */
  lost(tunnel: OpenedTunnel, reason: TunnelLossReason): Promise<void>;
  /**
   * The agent asks whether the idle tunnel may close; `lastUsedAtMs` and `inUse` are what the edge knows of its use,
   * `agentIdleMs` is how long the agent saw none of it: its own inactivity timeout, which wins where it is the shorter one.
   * After true the edge must not dial any more, and says {@link TunnelGate.closed} when the agent has taken its leave.
   */
  mayClose(tunnel: OpenedTunnel, use: { readonly lastUsedAtMs: number; readonly inUse: boolean; readonly agentIdleMs?: number }): Promise<boolean>;
  /** A tunnel that was allowed to close is gone, however it ended: TunnelClosed and TunnelCredentialsRevoked are recorded. Never throws. */
  closed(tunnel: OpenedTunnel): Promise<void>;
}

/** What the application asks of the live tunnels (the edge implements it). */
export interface TunnelControl {
  /** Ends a live tunnel, telling its agent why; resolves when it is gone. Nothing to do where none is live. */
  drain(key: TunnelKey, reason: DisconnectReason | 'agent-reports-none'): Promise<void>;
  /** Counts as use. False where none is live. */
  touch(key: TunnelKey): boolean;
  /** When a tunnel with that key was last used, whether one is live now or not; undefined where none was. */
  lastUsedAtMs(key: TunnelKey): number | undefined;
  isOpen(key: TunnelKey): boolean;
  /** Its agent may be gone without a word: it is asked for a sign of life, and where none comes in 3 s the tunnel is lost. Never throws. */
  prove(key: TunnelKey): Promise<void>;
}

// ---- what the polls' edge asks ----------------------------------------------------------------------------------

/** Which endpoints an agent goes by. */
export interface EndpointsInUse {
  /** 0 where it has none but its join token's. */
  readonly version: number;
  /** The tunnel fingerprints it accepts, base64. */
  readonly fingerprints: readonly string[];
  /** The address it was told and can't use. */
  readonly failure: FailedAddress | null;
}

/** Where an environment's agents reach the control plane from now on, and which tunnel fingerprints they are to accept. */
export interface EndpointsNews {
  readonly environmentId: string;
  readonly version: number;
  /** host:port of each. */
  readonly address: string;
  readonly tunnelAddress: string;
  /** base64; the one in use first. */
  readonly fingerprints: readonly string[];
  /** What the agent accepts now, for the proof. */
  readonly accepted: readonly string[];
}

export interface PollIntroduction {
  readonly environmentId: string;
  readonly joinSecret: Uint8Array;
  readonly edgeId: string;
  readonly instanceId: string;
  readonly report: AgentReport;
  /** Absent from agents that know nothing of endpoints, which are told none. */
  readonly endpoints?: EndpointsInUse | undefined;
  /** The peer's IP address. */
  readonly address: string;
}

export interface Poll {
  readonly sequence: number;
  readonly confirmedSequence: number;
  readonly heldCredentialsIds: readonly string[];
  readonly tunnelFailure: { readonly credentialsId: string; readonly reason: string; readonly detail: string } | null;
  /** Only where it changed since the introduction. */
  readonly report: AgentReport | null;
  /** Comes with the report. */
  readonly endpoints?: EndpointsInUse | undefined;
}

export interface PollAnswer {
  readonly confirmedSequence: number;
  readonly pollIntervalMs: number;
  readonly reconnectSpreadMs: number;
  /** One for each tunnel this agent is to open; the edge seals them for it. */
  readonly required: readonly IssuedCredentials[];
  /** Whether it is to take a snapshot now. */
  readonly takeSnapshot: boolean;
  /** Whether what looks like a secret is masked in its snapshots. */
  readonly maskSecrets: boolean;
  /** Where the agent goes by others; told once a call. */
  readonly endpoints?: EndpointsNews | undefined;
}

/** Tunnel credentials in the clear, on their way to the agent. */
export interface IssuedCredentials {
  readonly credentialsId: string;
  /** 32 bytes. */
  readonly secret: Uint8Array;
  readonly tunnelAddress: string;
  readonly validForMs: number;
}

/** Why a poll call ends: what is recorded as PollRejected, and what passes by itself. */
export type PollRefusalReason = PollRejectionReason | 'event-store-unavailable' | 'control-plane-stopping';

export class AgentRefused extends Error {
  override readonly name = 'AgentRefused';
  readonly reason: PollRefusalReason;
  readonly retryAfterMs: number | undefined;

  constructor(reason: PollRefusalReason, message: string, retryAfterMs?: number) {
    super(message);
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }
}

/** One agent's polls, from one call. */
export interface PollConversation {
  /** Answers at once where nothing is to be opened; else after the credentials were recorded. */
  poll(poll: Poll): Promise<PollAnswer> | PollAnswer;
  /** The call ended; `isClassic` where the agent ended it after one request and will poll again by another. Idempotent. */
  close(how: { readonly isClassic: boolean }): void;
}

export interface PollAdmission {
  /**
   * Checks an agent's introduction. `push` sends an early answer; `end` closes the call with a reason.
   * Throws {@link AgentRefused}, already recorded.
   */
  admit(
    introduction: PollIntroduction,
    agent: { readonly push: (answer: PollAnswer) => void; readonly end: (refusal: AgentRefused) => void },
  ): Promise<PollConversation>;
  /** Judges an introduction as {@link admit} does, lets nobody in, and records nothing but a refusal. Throws {@link AgentRefused}. */
  check(introduction: PollIntroduction): Promise<void>;
  /** Records an introduction that can't even be read. Returns the refusal to send. */
  refuseMalformed(reason: 'malformed-token' | 'malformed-edge-id' | 'version-too-old', address: string, message: string): AgentRefused;
}

// ---- snapshots --------------------------------------------------------------------------------------------------

/** What an agent brings: a snapshot, bounded and masked already, or why there is none. */
export type SnapshotReport =
  | { readonly kind: 'taken'; readonly content: SnapshotContent }
  | { readonly kind: 'failed'; readonly reason: string; readonly detail: string };

/** What the polls' edge asks about snapshots. */
export interface SnapshotRecording {
  /** Checks who brings one, as polls are checked. Throws {@link AgentRefused}, already recorded. */
  admit(introduction: PollIntroduction): Promise<{
    /** Durably recorded when it resolves. Throws ApplicationError event-store-unavailable. */
    record(report: SnapshotReport): Promise<{ readonly isUnchanged: boolean }>;
  }>;
  masksSecrets(): boolean;
}

/** Snapshots on demand. */
export interface SnapshotRequests {
  /**
   * Asks each of an environment's agents for a snapshot; `agents` is how many are asked at once, the others with their next poll.
   * Throws environment-not-found, environment-removed, agent-not-polling.
   */
  request(environmentId: string): Promise<{ readonly agents: number }>;
}

// ---- accounts ---------------------------------------------------------------------------------------------------

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

/** An account, as others see it. */
export interface UserSummary {
  readonly id: string;
  readonly username: string;
  readonly role: Role;
  readonly grants: readonly Grant[];
  readonly createdAt: Instant;
  readonly passwordChangedAt: Instant;
  readonly signsInBy: SignInMethod;
  /** At most a month back. */
  readonly lastSignedInAt: Instant | null;
}

/** What may be changed of an account; a changed password shows by its time. */
export type EditableUser = Pick<UserSummary, 'role' | 'grants' | 'passwordChangedAt'>;

/** RFC 7396: absent is unchanged. */
export interface UserChanges {
  readonly role?: Role;
  /** All of them, from now on. */
  readonly grants?: readonly Grant[];
  readonly password?: string;
  /** Needed for one's own password. */
  readonly currentPassword?: string;
}

/** Each throws user-not-found, also where the principal may not know of the account: only its own, unless it is an auditor or above that reaches everything. */
export interface Users {
  /** The oldest first. */
  list(principal: Principal): readonly UserSummary[];
  find(principal: Principal, userId: string): UserSummary;
  /** By name, ignoring case; undefined where there is none to know of. */
  named(principal: Principal, username: string): UserSummary | undefined;
  /** Throws invalid-username, username-taken, weak-password, invalid-grants, too-many-users, event-store-unavailable. */
  create(
    input: { readonly username: string; readonly password: string; readonly role: Role; readonly grants?: readonly Grant[] },
    context: CommandContext,
  ): Promise<{ readonly user: UserSummary; readonly position: Position | undefined }>;
  /**
   * Ends what the account may not hold open any more. Throws role-not-allowed (all but an admin may change their own password, by
   * a session, and nothing else), current-password-wrong, too-many-attempts, weak-password, no-password-here, invalid-grants, last-admin,
   * precondition-failed, event-store-unavailable.
   */
  change(
    principal: Principal,
    userId: string,
    changes: UserChanges,
    context: CommandContext,
    onlyIf?: OnlyIf<EditableUser>,
  ): Promise<{ readonly user: UserSummary; readonly position: Position | undefined }>;
  /** Ends its sessions and keys and all they hold open. Throws last-admin, precondition-failed, event-store-unavailable. */
  remove(principal: Principal, userId: string, context: CommandContext, onlyIf?: OnlyIf<EditableUser>): Promise<{ readonly position: Position | undefined }>;
}

/** Which environments a principal reaches. What is out of reach looks as if it did not exist. */
export interface EnvironmentAccess {
  /**
   * Resolves where the principal may go so far with that environment; for who reaches everything also where there is none.
   * Throws environment-not-found, read-only-access, event-store-unavailable.
   */
  require(principal: Principal, environmentId: string, needed: EnvironmentAccessLevel): Promise<void>;
  /** How far it may go; undefined is out of reach. Throws event-store-unavailable. */
  levelOf(principal: Principal, environmentId: string): Promise<EnvironmentAccessLevel | undefined>;
  /** The tags of which each environment in reach has one; undefined where every environment is in reach. */
  tagsInReach(principal: Principal): readonly string[] | undefined;
  /** Which events it may see, as it is at the moment of each: those of environments in reach. Undefined where it sees all for sure. */
  visibilityFor(principal: Principal): EventQuery['isVisible'];
  /**
   * Calls back once, when the principal may not go so far any more: a grant was taken, or the environment's tags changed. Without
   * an environment all of them are meant. Returns the way out.
   */
  onLost(principal: Principal, held: { readonly environmentId: string; readonly needed: EnvironmentAccessLevel } | 'everything', lost: () => void): () => void;
}

// ---- settings, activity, history ----------------------------------------------------------------------------------

export interface SettingsAccess {
  current(): Settings;
  /** Throws invalid-settings with a pointer, and precondition-failed. */
  change(changes: Partial<Settings>, context: CommandContext, onlyIf?: OnlyIf<Settings>): Promise<{ readonly position: Position | undefined }>;
}

/** The keys behind tunnel certificates. */
export interface TunnelKeys {
  /** Of the one in use, base64. */
  fingerprint(): string;
  /** Makes another identity and keeps its key durably, unused so far; `succession` is the word of the one in use that it follows. */
  make(): Promise<{ readonly fingerprint: string; readonly succession: string }>;
  /** Takes what is recorded into use: from the next connection on the port shows it. Throws StartError tunnel-key-missing. */
  use(state: TunnelCertificateState): Promise<void>;
  /** Destroys all keys but that in use and those of former ones that are accepted. */
  forgetOthers(): Promise<void>;
}

/** Which tunnel certificate is in use, and which former ones agents accept still. */
export interface TunnelCertificateStatus {
  /** Of the one in use: SHA-256 over the SPKI, base64. */
  readonly fingerprint: string;
  /** Null while it is the one that the installation began with. */
  readonly since: Instant | null;
  /** Those that agents accept still. */
  readonly formers: readonly { readonly fingerprint: string; readonly acceptedUntil: Instant }[];
}

/** The tunnel certificate, for an admin. */
export interface TunnelCertificate {
  status(): TunnelCertificateStatus;
  /**
   * Makes a new key and certificate and shows it from the next connection on; open tunnels live on. Agents accept the former
   * one for `formerAcceptedSeconds` (0 to 365 days, 30 days by default); 0, for a key that leaked, ends all former ones at once.
   * Throws invalid-settings, conflict, event-store-unavailable.
   */
  rotate(options: { readonly formerAcceptedSeconds?: number }, context: CommandContext): Promise<{ readonly position: Position }>;
  /** Agents accept no former one any more. */
  retireFormers(context: CommandContext): Promise<{ readonly position: Position | undefined }>;
}

/** One proxied call, as it is recorded. */
export interface RecordedCall {
  readonly key: TunnelKey;
  /** UUID. */
  readonly callId: string;
  readonly method: string;
  /** Canonical, without query except listed parameters. */
  readonly path: string;
}

export interface CallOutcome {
  readonly status: number | null;
  readonly failure: string | null;
  readonly durationMs: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

export interface Activity {
  /** Durably recorded when it resolves. Throws event-store-unavailable in audit mode strict; resolves in mode available. */
  callStarted(call: RecordedCall, context: CommandContext): Promise<void>;
  /** Buffered to a bound; never throws. */
  callProxied(call: RecordedCall, outcome: CallOutcome, context: CommandContext): void;
  streamOpened(call: RecordedCall, kind: string, context: CommandContext): void;
  streamClosed(
    call: RecordedCall,
    kind: string,
    outcome: { readonly reason: string; readonly durationMs: number; readonly bytesSent: number; readonly bytesReceived: number },
    context: CommandContext,
  ): void;
}

/** Which events: all that is given must hold. */
export interface EventSelection {
  readonly stream?: string;
  /** One of these. */
  readonly categories?: readonly string[];
  /** One of these. */
  readonly types?: readonly string[];
  readonly environmentId?: string;
  /** Who: an actor, or what it begins with: `user:ann` or `ann` with all keys, `agent:<environment id>`, `system`. */
  readonly actor?: string;
  /** Leaves out AgentPolled, which is most of what is recorded. */
  readonly withoutPolls?: boolean;
  /** Leaves out what changed nothing, too: calls that only read, refusals, and what the control plane says of its own record. */
  readonly changesOnly?: boolean;
  /** Inclusive. */
  readonly from?: Instant;
  /** Exclusive. */
  readonly to?: Instant;
  /** Exclusive, in the direction of the order. */
  readonly after?: Position;
}

export interface EventQuery extends EventSelection {
  /** Oldest first by default. */
  readonly order?: 'asc' | 'desc';
  readonly limit: number;
  /** Leaves out what it is false for: the events of that environment, or those that concern none. Everything is shown by default. */
  readonly isVisible?: (environmentId: string | undefined) => boolean | Promise<boolean>;
}

/** An event as REST and the command line show it. */
export interface HistoryEvent {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: Position;
  readonly type: string;
  /** When it was decided. */
  readonly time: Instant;
  /** When it was appended. */
  readonly recordedAt: Instant;
  readonly data: unknown;
  readonly metadata: unknown;
}

/** Both throw unknown-event-type. */
export interface History {
  /** `next` goes on where this page ended, or is null at the end. A page may be short where much had to be searched. */
  list(query: EventQuery, signal?: AbortSignal): Promise<{ readonly events: readonly HistoryEvent[]; readonly next: Position | null }>;
  /** All that match, in pages, following live where asked. Ends by the signal, or once something is recorded after `to`. */
  stream(query: Omit<EventQuery, 'limit'>, options: { readonly follow: boolean; readonly signal: AbortSignal }): AsyncIterable<readonly HistoryEvent[]>;
}

/** The record as it leaves the installation, with what proves it. */
export interface EventExports {
  /** The bytes of an export of what is asked for, at the pace of whoever takes them. Throws unknown-event-type, what reading the store throws, and the signal's reason. */
  export(query: Omit<EventSelection, 'after'>, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** Both throw `checkpoints-not-kept` where the store has no chain. */
export interface Checkpoints {
  /**
   * Signs where the log stands and records that; where nothing was recorded since the last checkpoint, answers that one. `position` is the
   * event's own. Throws event-store-unavailable, and conflict in an empty log.
   */
  sign(context: CommandContext): Promise<{ readonly checkpoint: SignedCheckpoint; readonly position: Position }>;
  /** Oldest first, from the one with this number (0 by default). `next` is the number to go on with, or null at the end. */
  list(query: { readonly limit: number; readonly from?: number }): Promise<{ readonly checkpoints: readonly SignedCheckpoint[]; readonly next: number | null; readonly total: number }>;
}
