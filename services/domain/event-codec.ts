/** Reads stored events: knows every type's current version and lifts older ones to it. */
import type { DomainEvent, EventType } from './events.ts';

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
  HeartbeatRestored: 1,
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
  AgentPolled: 1,
  PollsLost: 1,
  PollsSummarised: 1,
  PollsExpired: 1,
  SnapshotsExpired: 1,
  SnapshotRecorded: 1,
  SnapshotUnchanged: 1,
  SnapshotFailed: 1,
  PollRejected: 1,
  TunnelCredentialsRefused: 1,
  RefusalsSuppressed: 1,
  UserCreated: 1,
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

/**
 * The event in its newest shape, or undefined where the type is unknown (a newer release wrote it, or another program).
 * Every type is still at version 1, so there is nothing to lift yet; upcasters go here.
 */
export function decodeEvent(type: string, data: unknown): DomainEvent | undefined {
  return isEventType(type) ? ({ type, data } as DomainEvent) : undefined;
}
