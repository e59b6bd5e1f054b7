/** What has happened since this process started, as plain numbers: counting costs an addition, and whoever watches the process reads them. */
import type { CredentialsRefusalReason, PollRejectionReason, TunnelLossReason } from '../domain/events.ts';

/** Each number only grows. */
export interface ApplicationTallies {
  /** Polls taken from agents that were let in. */
  polls: number;
  /** Polls that will never be recorded, as the gaps in their agents' sequence numbers tell. */
  pollsLost: number;
  /** Introductions and polls that were refused. */
  readonly pollsRejected: Record<PollRejectionReason | 'event-store-unavailable', number>;
  tunnelsRequired: number;
  tunnelsOpened: number;
  /** Attempts of agents that came to nothing, and credentials that nobody used in time. */
  tunnelsNotOpened: number;
  /** Ended in order: idle, or by somebody's decision. */
  tunnelsClosed: number;
  readonly tunnelsLost: Record<TunnelLossReason, number>;
  readonly credentialsRefused: Record<CredentialsRefusalReason | 'event-store-unavailable', number>;
  /** Records of calls that found the buffer full. */
  activityLost: number;
  heartbeatsLost: number;
}

/** Creates them, all at 0. */
export function createTallies(): ApplicationTallies {
  return {
    polls: 0,
    pollsLost: 0,
    pollsRejected: {
      'malformed-token': 0,
      'malformed-edge-id': 0,
      'unknown-environment': 0,
      'environment-removed': 0,
      'wrong-join-secret': 0,
      'token-rotated': 0,
      'edge-id-mismatch': 0,
      'edge-id-barred': 0,
      'duplicate-agent': 0,
      'version-too-old': 0,
      'too-many-attempts': 0,
      'too-many-connections': 0,
      'polling-too-fast': 0,
      'event-store-unavailable': 0,
    },
    tunnelsRequired: 0,
    tunnelsOpened: 0,
    tunnelsNotOpened: 0,
    tunnelsClosed: 0,
    tunnelsLost: { 'connection-lost': 0, 'agent-stopped': 0, 'agent-reports-none': 0, 'server-restarted': 0, 'control-plane-stopping': 0 },
    credentialsRefused: {
      'unknown-credentials': 0,
      'credentials-used': 0,
      'credentials-expired': 0,
      'credentials-revoked': 0,
      'wrong-secret': 0,
      'wrong-environment': 0,
      'malformed-credentials': 0,
      'event-store-unavailable': 0,
    },
    activityLost: 0,
    heartbeatsLost: 0,
  };
}
