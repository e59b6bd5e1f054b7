/**
 * Every event Homeport records: type → data. `at` is the instant of the decision (RFC 3339, UTC, milliseconds), brought by
 * the command. A published shape is never edited: add a version and an upcaster (event-codec.ts).
 */
import type { SnapshotContent } from './snapshot.ts';

/** RFC 3339 in UTC with milliseconds, such as 2026-01-31T12:00:00.000Z. */
export type Instant = string;

/** A value that only the installation key opens: nacl.secretbox (24-byte nonce ‖ box), base64. */
export interface Sealed {
  readonly sealed: string;
}

/** A node's part in a Swarm. */
export interface SwarmMembership {
  readonly clusterId: string;
  readonly nodeId: string;
  readonly manager: boolean;
}

/** The container engine behind an agent. */
export interface EngineDescription {
  readonly name: string;
  readonly version: string;
  readonly apiVersion: string;
}

/** What an agent reports about itself and its node. */
export interface AgentReport {
  /** The node's host name. */
  readonly node: string;
  readonly version: string;
  readonly protocolVersion: number;
  /** Such as linux/amd64. */
  readonly platform: string;
  readonly engine: EngineDescription | null;
  readonly swarm: SwarmMembership | null;
}

/** One of several agents that claim the same identity. */
export interface AgentIdentity {
  readonly instanceId: string;
  /** Its node's host name, as claimed. */
  readonly node: string;
  /** Its IP address. */
  readonly address: string;
}

/** On `environment-<id>`. */
export interface EnvironmentEvents {
  EnvironmentCreated: {
    at: Instant;
    environmentId: string;
    name: string;
    /** host:port that agents call. */
    address: string;
    /** host:port of the tunnel port. */
    tunnelAddress: string;
    tags: readonly string[];
    pollIntervalSeconds: number | null;
    issuedEdgeId: string;
    requireIssuedEdgeId: boolean;
    joinTokenVersion: number;
  };
  EnvironmentRenamed: { at: Instant; environmentId: string; name: string };
  EnvironmentTagged: { at: Instant; environmentId: string; tags: readonly string[] };
  EnvironmentAddressChanged: { at: Instant; environmentId: string; address: string; tunnelAddress: string };
  PollIntervalChanged: { at: Instant; environmentId: string; pollIntervalSeconds: number | null };
  AgentAssociated: { at: Instant; environmentId: string; edgeId: string; issued: boolean; node: string; address: string };
  /** From now on only join tokens of this version are good. */
  JoinTokenRotated: { at: Instant; environmentId: string; joinTokenVersion: number };
  /** `edgeId`, associated until now, is barred, and `issuedEdgeId` takes its place in the deploy command. */
  AgentDisassociated: { at: Instant; environmentId: string; edgeId: string; issuedEdgeId: string };
  EdgeIdUnbarred: { at: Instant; environmentId: string; edgeId: string };
  /** Two agents go on polling with one identity: `kept` stays the environment's agent, `refused` is turned away. */
  DuplicateAgentDetected: { at: Instant; environmentId: string; kept: AgentIdentity; refused: AgentIdentity };
  /** One of the two is gone: the other, whichever it is, is let in. */
  DuplicateAgentResolved: { at: Instant; environmentId: string; refused: AgentIdentity; reason: 'kept-agent-gone' | 'refused-agent-gone' };
  AgentSeen: { at: Instant; environmentId: string; instanceId: string; address: string; report: AgentReport };
  HeartbeatLost: { at: Instant; environmentId: string; lastPolledAt: Instant | null };
  /** `lostAt` is since when it had been down; null where that is not known (version 1). */
  HeartbeatRestored: { at: Instant; environmentId: string; lostAt: Instant | null };
  /** The agent of a node (`swarmNode`, or null where there is no Swarm) was told a new address, can't use it, and stays where it is. */
  NewAddressFailed: {
    at: Instant;
    environmentId: string;
    node: string;
    swarmNode: string | null;
    /** host:port. */
    address: string;
    port: 'api' | 'tunnel';
    reason: string;
    detail: string;
  };
  /** It can use it now, or has been told another. */
  NewAddressUsed: { at: Instant; environmentId: string; node: string; swarmNode: string | null; address: string };
  EnvironmentRemoved: { at: Instant; environmentId: string };
}

/** Why credentials stopped being good. */
export type RevocationReason =
  | 'idle'
  | 'lost'
  | 'disconnected'
  | 'expired'
  | 'open-failed'
  | 'lapsed'
  | 'environment-removed'
  | 'token-rotated'
  | 'disassociated';

/** Why a tunnel was closed by someone's decision. */
export type DisconnectReason = 'disconnected' | 'environment-removed' | 'token-rotated' | 'disassociated';

/** Why an open tunnel was lost. */
export type TunnelLossReason = 'connection-lost' | 'agent-stopped' | 'agent-reports-none' | 'server-restarted' | 'control-plane-stopping';

/** On `tunnel-<id>` or `tunnel-<id>_<Swarm node id>`. `node` is the Swarm node asked for, or null for the environment's own tunnel. */
export interface TunnelEvents {
  TunnelRequired: { at: Instant; environmentId: string; node: string | null };
  TunnelCredentialsIssued: {
    at: Instant;
    environmentId: string;
    node: string | null;
    credentialsId: string;
    /** SHA-256 of the secret, base64. */
    secretHash: string;
    /** The instance of the agent they were issued to, and its node's host name. */
    agentInstanceId: string;
    agentNode: string;
    expiresAt: Instant;
  };
  TunnelCredentialsExpired: { at: Instant; environmentId: string; node: string | null; credentialsId: string };
  TunnelOpenFailed: {
    at: Instant;
    environmentId: string;
    node: string | null;
    credentialsId: string;
    reason: string;
    detail: string;
  };
  TunnelOpened: {
    at: Instant;
    environmentId: string;
    node: string | null;
    credentialsId: string;
    agentInstanceId: string;
    agentNode: string;
    address: string;
    controlPlaneNode: string;
    /** The control-plane process that holds it; a new one at each start. */
    epoch: string;
  };
  TunnelLost: { at: Instant; environmentId: string; node: string | null; credentialsId: string; reason: TunnelLossReason };
  TunnelClosed: {
    at: Instant;
    environmentId: string;
    node: string | null;
    credentialsId: string;
    reason: 'idle' | 'disconnected' | 'environment-removed' | 'token-rotated' | 'disassociated';
  };
  TunnelCredentialsRevoked: {
    at: Instant;
    environmentId: string;
    node: string | null;
    credentialsId: string;
    reason: RevocationReason;
  };
  TunnelRequirementLapsed: { at: Instant; environmentId: string; node: string | null; reason: 'unused' | 'disconnected' };
}

/** On `activity-<cp>_<n>`. */
export interface ActivityEvents {
  /** Before a call that may change something is forwarded. */
  ApiCallStarted: {
    at: Instant;
    environmentId: string;
    node: string | null;
    callId: string;
    method: string;
    /** Without query except listed parameters. */
    path: string;
  };
  ApiCallProxied: {
    at: Instant;
    environmentId: string;
    node: string | null;
    callId: string;
    method: string;
    path: string;
    /** The status sent to the client; null where the client was gone before there was one. */
    status: number | null;
    /** A stable code where the call failed on our side of the engine (such as tunnel-lost); else null. */
    failure: string | null;
    durationMs: number;
    bytesSent: number;
    bytesReceived: number;
  };
  /** An upgraded connection: exec, attach. `command` is argv[0] and how many arguments follow, where known. */
  StreamOpened: { at: Instant; environmentId: string; node: string | null; callId: string; kind: string; path: string };
  StreamClosed: {
    at: Instant;
    environmentId: string;
    node: string | null;
    callId: string;
    kind: string;
    reason: string;
    durationMs: number;
    bytesSent: number;
    bytesReceived: number;
  };
  /** Calls whose record was lost because the store was away and a bound was reached. */
  ActivityLost: { at: Instant; count: number };
  /** The node began anew: calls of before that have no end, in this stream, were cut with its earlier process. */
  ActivityInterrupted: { at: Instant };
}

/** On `polls-<cp>_<shard>`; nothing else, for these streams expire. */
export interface PollEvents {
  AgentPolled: { at: Instant; environmentId: string; node: string; instanceId: string; sequence: number };
}

/** What made events go: how old they were, how many, or what they took. */
export type ExpiryLimit = 'age' | 'count' | 'bytes';

/** On `retention-<cp>`. */
export interface RetentionEvents {
  /** Polls an agent made, by its sequence numbers, that were not recorded: sequences `from` to `to`, both inclusive. */
  PollsLost: {
    at: Instant;
    environmentId: string;
    node: string;
    instanceId: string;
    from: number;
    to: number;
    count: number;
  };
  /** Hourly, a shard each, appended before those polls may expire. */
  PollsSummarised: {
    at: Instant;
    shard: number;
    from: Instant;
    to: Instant;
    /** Every agent of the shard that is known: also those that made no poll in between (count 0). */
    agents: readonly {
      environmentId: string;
      node: string;
      instanceId: string;
      /** Of this instance, ever. */
      lastSequence: number;
      count: number;
      lastPolledAt: Instant | null;
    }[];
  };
  /** Polls recorded before `before` are gone, `count` of them now; which limit took them is null where that is not known (version 1). */
  PollsExpired: { at: Instant; count: number; before: Instant; limit: ExpiryLimit | null };
  /** The same of activity. `count` is 0 where the store removes by itself, which says no number: so it is with those below, too. */
  ActivityExpired: { at: Instant; count: number; before: Instant; limit: ExpiryLimit };
  /** The same of refusals. */
  RefusalsExpired: { at: Instant; count: number; before: Instant; limit: ExpiryLimit };
  /** The same of snapshots. */
  SnapshotsExpired: { at: Instant; count: number; before: Instant; limit: ExpiryLimit | null };
}

/** On `snapshots-<id>`. `node` is the Swarm node whose engine it is of, or null where one engine stands alone. */
export interface SnapshotEvents {
  SnapshotRecorded: {
    at: Instant;
    environmentId: string;
    node: string | null;
    /** The node's host name. */
    hostname: string;
    /** SHA-256 over what counts as a change, base64. */
    hash: string;
    content: SnapshotContent;
  };
  /** A snapshot that says the same as the last one recorded of this node. */
  SnapshotUnchanged: { at: Instant; environmentId: string; node: string | null; hash: string };
  /** A snapshot that was due, and came to nothing. */
  SnapshotFailed: { at: Instant; environmentId: string; node: string | null; reason: string; detail: string };
}

/** Why an agent was refused at the poll edge. */
export type PollRejectionReason =
  | 'malformed-token'
  | 'malformed-edge-id'
  | 'unknown-environment'
  | 'environment-removed'
  | 'wrong-join-secret'
  | 'token-rotated'
  | 'edge-id-mismatch'
  | 'edge-id-barred'
  | 'duplicate-agent'
  | 'version-too-old'
  | 'too-many-attempts'
  | 'too-many-connections'
  | 'polling-too-fast';

/** Why tunnel credentials were refused. */
export type CredentialsRefusalReason =
  | 'unknown-credentials'
  | 'credentials-used'
  | 'credentials-expired'
  | 'credentials-revoked'
  | 'wrong-secret'
  | 'wrong-environment'
  | 'malformed-credentials';

/** On `refusals-<cp>`. Bounded per peer; never in a stream that decides. */
export interface RefusalEvents {
  PollRejected: {
    at: Instant;
    /** As claimed; null where it could not be read or names no environment. */
    environmentId: string | null;
    reason: PollRejectionReason;
    address: string;
    node: string | null;
  };
  TunnelCredentialsRefused: {
    at: Instant;
    environmentId: string | null;
    credentialsId: string | null;
    reason: CredentialsRefusalReason;
    address: string;
  };
  RefusalsSuppressed: { at: Instant; count: number };
}

/** The roles of accounts and API keys. */
export type Role = 'admin' | 'operator' | 'auditor' | 'metrics';

/** What an operator may do with environments that have a tag; the tag `*` stands for every environment. */
export interface Grant {
  readonly tag: string;
  /** `read` looks at them and at their engines; `full` changes what is there too. */
  readonly access: 'read' | 'full';
}

/** On `user-<id>`. */
export interface UserEvents {
  /** Without a password where an identity stands in for it. */
  UserCreated: { at: Instant; userId: string; username: string; role: Role; passwordHash: Sealed | null };
  /** From now on whom this provider calls by this subject signs in to the account. */
  IdentityLinked: { at: Instant; userId: string; issuer: string; subject: string };
  PasswordChanged: { at: Instant; userId: string; passwordHash: Sealed };
  UserRoleChanged: { at: Instant; userId: string; role: Role };
  /** An operator's grants, all of them, from now on. */
  GrantChanged: { at: Instant; userId: string; grants: readonly Grant[] };
  UserRemoved: { at: Instant; userId: string };
  ApiKeyCreated: {
    at: Instant;
    userId: string;
    keyId: string;
    name: string;
    role: Role;
    /** SHA-256 of the key, sealed. */
    keyHash: Sealed;
    expiresAt: Instant | null;
  };
  ApiKeyRevoked: { at: Instant; userId: string; keyId: string };
}

/** By what somebody signed in. */
export type SignInMethod = 'password' | 'openid-connect';

/** Why a sign-in, or an API key, was refused. */
export type SignInRefusalReason = 'wrong-credentials' | 'too-many-attempts' | 'api-key-not-good' | 'openid-connect-failed' | 'sign-in-not-allowed';

/** On `signins`. */
export interface SignInEvents {
  SignedIn: { at: Instant; userId: string; username: string; sessionId: string; address: string; method: SignInMethod; expiresAt: Instant };
  /** `username` is kept only where such an account exists: what is typed there is often a password. */
  SignInRefused: { at: Instant; username: string | null; address: string; reason: SignInRefusalReason };
  SignInRefusalsSuppressed: { at: Instant; count: number };
  SignedOut: { at: Instant; userId: string; username: string; sessionId: string };
  SessionRevoked: { at: Instant; userId: string; sessionId: string };
  /** Once a day for each key that is used. */
  ApiKeyUsed: { at: Instant; userId: string; keyId: string; address: string };
}

/** What an operator may set. Durations in whole seconds. */
export interface Settings {
  readonly pollIntervalSeconds: number;
  readonly inactivityTimeoutSeconds: number;
  readonly keepAliveIntervalSeconds: number;
  /** Polls, activity, refusals and snapshots are kept so long, so many events, and so many bytes of the store's file; 0 is without that limit. */
  readonly pollRetentionHours: number;
  readonly pollRetentionCount: number;
  readonly pollRetentionBytes: number;
  readonly activityRetentionDays: number;
  readonly activityRetentionCount: number;
  readonly activityRetentionBytes: number;
  readonly refusalRetentionDays: number;
  readonly refusalRetentionCount: number;
  readonly refusalRetentionBytes: number;
  /** How often each engine's snapshot is taken; 0 is off: then only at the first contact, on demand and before idle closes. */
  readonly snapshotIntervalSeconds: number;
  readonly snapshotRetentionDays: number;
  /** Of all environments together, unchanged and failed ones too. */
  readonly snapshotRetentionCount: number;
  readonly snapshotRetentionBytes: number;
  /** Whether values of environment variables and labels that look like secrets are masked in snapshots. */
  readonly maskSecretsInSnapshots: boolean;
  /** Whether the NATS tap publishes polls too. */
  readonly publishPolls: boolean;
  /** Bytes that channels nobody reads may hold, per process. */
  readonly stalledBytesLimit: number;
  readonly maxChannelsPerTunnel: number;
  /** How often a checkpoint of the record is signed, where the store has a chain. */
  readonly checkpointIntervalSeconds: number;
  /** How long a session lasts at most, and how long without use. */
  readonly sessionSeconds: number;
  readonly sessionIdleSeconds: number;
  /** The kinds of Docker operation (docker-operation.ts) that are refused to whoever is here as operator, or as admin. */
  readonly operatorDeniedOperations: readonly string[];
  readonly adminDeniedOperations: readonly string[];
  /** strict: calls that may change something are refused while they can't be recorded. available: they are let through. */
  readonly auditMode: 'strict' | 'available';
}

/** On `settings`. */
export interface SettingsEvents {
  SettingsChanged: { at: Instant; changes: Partial<Settings> };
}

/** On `settings` as well: two deciders share the stream, and each passes over the other's events. Fingerprints are SHA-256 over the SPKI, base64. */
export interface TunnelCertificateEvents {
  TunnelCertificateRotated: {
    at: Instant;
    fingerprint: string;
    formerFingerprint: string;
    /** Null where agents are to accept neither the former one nor any before it, as their keys may have leaked. */
    formerAcceptedUntil: Instant | null;
    /** The former identity's word that this one follows it: an encoded SignedSuccession of the protocol, base64. */
    succession: string;
  };
  /** Agents accept a former one no longer, and its key is gone. */
  TunnelCertificateRetired: { at: Instant; fingerprint: string; reason: 'time-over' | 'ended-by-admin' };
}

/** On `checkpoints`. */
export interface CheckpointEvents {
  CheckpointSigned: {
    at: Instant;
    controlPlaneNode: string;
    position: string;
    events: number;
    chain: string;
    publicKey: string;
    signature: string;
  };
  EventsImported: {
    at: Instant;
    /** Imported before it. */
    events: number;
    streams: number;
    /** Of these, streams whose revisions are others than they were. */
    renumberedStreams: number;
    /** In which kind of store they were recorded, and its newest position then. */
    fromStore: 'sqlite' | 'eventstoredb';
    fromHead: string | null;
    /** When they were exported. */
    exportedAt: Instant;
  };
}

/** All events by type. */
export interface EventDataByType
  extends EnvironmentEvents,
    TunnelEvents,
    ActivityEvents,
    PollEvents,
    RetentionEvents,
    SnapshotEvents,
    RefusalEvents,
    UserEvents,
    SignInEvents,
    SettingsEvents,
    TunnelCertificateEvents,
    CheckpointEvents {}

export type EventType = keyof EventDataByType;

/** An event of one of the given types: a union discriminated by `type`. */
export type EventOf<Events> = { [Type in keyof Events & string]: { readonly type: Type; readonly data: Events[Type] } }[keyof Events &
  string];

export type DomainEvent = EventOf<EventDataByType>;
export type EnvironmentEvent = EventOf<EnvironmentEvents>;
export type TunnelEvent = EventOf<TunnelEvents>;
export type TunnelCertificateEvent = EventOf<TunnelCertificateEvents>;
