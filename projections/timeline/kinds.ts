/** Which events make the timeline, and the few kinds by which people look for them. */
import type { EventType } from '../../services/domain/events.ts';

export type TimelineKind = 'environment' | 'agent' | 'heartbeat' | 'tunnel' | 'snapshot' | 'refusal' | 'account' | 'settings';

/**
 * By type; null is left out: polls (the heartbeat says what matters of them), calls through tunnels (they are the activity), snapshots that
 * say nothing new, and what the record says of itself.
 */
export const timelineKinds: Readonly<Record<EventType, TimelineKind | null>> = {
  EnvironmentCreated: 'environment',
  EnvironmentRenamed: 'environment',
  EnvironmentTagged: 'environment',
  EnvironmentAddressChanged: 'environment',
  PollIntervalChanged: 'environment',
  JoinTokenRotated: 'environment',
  EnvironmentRemoved: 'environment',
  AgentAssociated: 'agent',
  AgentDisassociated: 'agent',
  EdgeIdUnbarred: 'agent',
  DuplicateAgentDetected: 'agent',
  DuplicateAgentResolved: 'agent',
  AgentSeen: 'agent',
  NewAddressFailed: 'agent',
  NewAddressUsed: 'agent',
  HeartbeatLost: 'heartbeat',
  HeartbeatRestored: 'heartbeat',
  TunnelRequired: 'tunnel',
  TunnelCredentialsIssued: 'tunnel',
  TunnelCredentialsExpired: 'tunnel',
  TunnelOpenFailed: 'tunnel',
  TunnelOpened: 'tunnel',
  TunnelLost: 'tunnel',
  TunnelClosed: 'tunnel',
  TunnelCredentialsRevoked: 'tunnel',
  TunnelRequirementLapsed: 'tunnel',
  SnapshotRecorded: 'snapshot',
  SnapshotFailed: 'snapshot',
  PollRejected: 'refusal',
  TunnelCredentialsRefused: 'refusal',
  RefusalsSuppressed: 'refusal',
  UserCreated: 'account',
  UserRoleChanged: 'account',
  GrantChanged: 'account',
  IdentityLinked: 'account',
  PasswordChanged: 'account',
  UserRemoved: 'account',
  ApiKeyCreated: 'account',
  ApiKeyRevoked: 'account',
  SignedIn: 'account',
  SignInRefused: 'account',
  SignInRefusalsSuppressed: 'account',
  SignedOut: 'account',
  SessionRevoked: 'account',
  SettingsChanged: 'settings',
  TunnelCertificateRotated: 'settings',
  TunnelCertificateRetired: 'settings',
  AgentPolled: null,
  PollsLost: null,
  PollsSummarised: null,
  PollsExpired: null,
  ActivityExpired: null,
  RefusalsExpired: null,
  SnapshotUnchanged: null,
  SnapshotsExpired: null,
  ApiCallStarted: null,
  ApiCallProxied: null,
  StreamOpened: null,
  StreamClosed: null,
  ActivityLost: null,
  ActivityInterrupted: null,
  ApiKeyUsed: null,
  CheckpointSigned: null,
  EventsImported: null,
};

/** The types of a kind. */
export function typesOf(kind: TimelineKind): readonly string[] {
  return Object.entries(timelineKinds).flatMap(([type, itsKind]) => (itsKind === kind ? [type] : []));
}
