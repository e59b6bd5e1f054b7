/** Reads stored events: knows every type's current version and lifts older ones to it. */
import type { DomainEvent, EventType } from './events.ts';
import { upcasters } from './upcasters.ts';

/** The version in which each type is written today. */
export const schemaVersions: Readonly<Record<EventType, number>> = {
  EnvironmentCreated: 1,
  EnvironmentRenamed: 1,
  EnvironmentTagged: 1,
  EnvironmentAddressChanged: 1,
  PollIntervalChanged: 1,
  AgentAssociated: 1,
  JoinTokenRotated: 1,
  AgentDisassociated: 1,
  EdgeIdUnbarred: 1,
  DuplicateAgentDetected: 1,
  DuplicateAgentResolved: 1,
  AgentSeen: 1,
  HeartbeatLost: 1,
  HeartbeatRestored: 2,
  NewAddressFailed: 1,
  NewAddressUsed: 1,
  EnvironmentRemoved: 1,
  TunnelRequired: 1,
  TunnelCredentialsIssued: 1,
  TunnelCredentialsExpired: 1,
  TunnelOpenFailed: 1,
  TunnelOpened: 1,
  TunnelLost: 1,
  TunnelClosed: 1,
  TunnelCredentialsRevoked: 1,
  TunnelRequirementLapsed: 1,
  ApiCallStarted: 1,
  ApiCallProxied: 1,
  StreamOpened: 1,
  StreamClosed: 1,
  ActivityLost: 1,
  ActivityInterrupted: 1,
  AgentPolled: 1,
  PollsLost: 1,
  PollsSummarised: 1,
  PollsExpired: 2,
  ActivityExpired: 1,
  RefusalsExpired: 1,
  SnapshotsExpired: 2,
  SnapshotRecorded: 2,
  SnapshotUnchanged: 1,
  SnapshotFailed: 1,
  PollRejected: 1,
  TunnelCredentialsRefused: 1,
  RefusalsSuppressed: 1,
  UserCreated: 1,
  IdentityLinked: 1,
  PasswordChanged: 1,
  UserRoleChanged: 1,
  GrantChanged: 1,
  UserRemoved: 1,
  ApiKeyCreated: 1,
  ApiKeyRevoked: 1,
  SignedIn: 1,
  SignInRefused: 1,
  SignInRefusalsSuppressed: 1,
  SignedOut: 1,
  SessionRevoked: 1,
  ApiKeyUsed: 1,
  SettingsChanged: 1,
  TunnelCertificateRotated: 1,
  TunnelCertificateRetired: 1,
  CheckpointSigned: 1,
  EventsImported: 1,
};

/** Whether this release knows the type. */
export function isEventType(type: string): type is EventType {
  return Object.hasOwn(schemaVersions, type);
}

/** An event as the store has it: data and metadata are JSON texts. */
export interface StoredEvent {
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
}

/**
 * The event in its newest shape, whatever version it was stored in. Undefined where this release does not know it: the type, or a
 * version beyond {@link schemaVersions} (a newer release wrote it, or another program). Throws SyntaxError where the data is no JSON.
 */
export function decodeEvent({ type, data, metadata }: StoredEvent): DomainEvent | undefined {
  if (!isEventType(type)) return undefined;
  const newest = schemaVersions[type];
  const version = versionIn(metadata);
  if (version > newest) return undefined;
  let lifted: unknown = JSON.parse(data);
  for (let from = version; from < newest; from++) lifted = liftEvent(type, from, lifted);
  return { type, data: lifted } as DomainEvent;
}

/** The data of one version as the next one has it. Throws RangeError where there is no next one. */
export function liftEvent(type: EventType, version: number, data: unknown): unknown {
  const lift = upcasters[type]?.[version - 1];
  if (lift === undefined) throw new RangeError(`nothing lifts ${type} from version ${String(version)}`);
  return lift(data as never);
}

const versionMarker = '"schemaVersion":';

/** Looked for in the text, as most events are polls whose metadata nobody reads: a quote within a value would be escaped. Without one it is the first. */
function versionIn(metadata: string): number {
  const found = metadata.indexOf(versionMarker);
  if (found === -1) return 1;
  const at = found + versionMarker.length;
  const version = Number.parseInt(metadata.slice(at, at + 16), 10);
  return version >= 1 ? version : 1;
}
