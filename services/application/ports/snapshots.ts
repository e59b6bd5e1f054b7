/** Asking for snapshots, and recording them. */
import type { SnapshotContent } from '../../domain/snapshot.ts';
import type { PollIntroduction } from './poll-admission.ts';

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
