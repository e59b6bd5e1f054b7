/** What others see of the read models. */
import type { Position } from '../services/event-store/port.ts';
import type { Instant } from '../services/domain/events.ts';
import type { SnapshotContent, SnapshotSummary } from '../services/domain/snapshot.ts';
import type { PastRecord } from '../services/domain/past-record.ts';

export type EnvironmentStatus = 'unassociated' | 'never' | 'up' | 'down' | 'duplicate';

/** One tunnel as its events tell it. */
export interface TunnelView {
  readonly state: 'closed' | 'required' | 'opening' | 'open';
  readonly since: Instant | null;
  readonly openedAt: Instant | null;
  /** The Swarm node asked for, or null for the environment's own. */
  readonly node: string | null;
  /** The host name of the node whose agent holds it. */
  readonly agentNode: string | null;
  readonly lastFailure: { readonly reason: string; readonly detail: string; readonly at: Instant } | null;
}

/** How an environment's snapshots stand, all its nodes together. */
export interface SnapshotView {
  /** When an engine of it was last seen; null where it never was. */
  readonly takenAt: Instant | null;
  readonly summary: SnapshotSummary | null;
  /** Of the nodes whose last attempt came to nothing, the latest. */
  readonly lastFailure: { readonly reason: string; readonly detail: string; readonly at: Instant } | null;
  readonly nodes: readonly {
    /** The Swarm node, or null. */
    readonly node: string | null;
    readonly hostname: string;
    readonly takenAt: Instant | null;
    readonly summary: SnapshotSummary | null;
    readonly lastFailure: SnapshotView['lastFailure'];
  }[];
}

/** A recorded snapshot, without what it holds. */
export interface SnapshotHistoryItem {
  readonly node: string | null;
  readonly hostname: string;
  readonly takenAt: Instant;
  readonly hash: string;
  /** Of its JSON. */
  readonly bytes: number;
  readonly summary: SnapshotSummary;
}

/** A node's latest snapshot. */
export interface TakenSnapshot {
  readonly node: string | null;
  readonly hostname: string;
  /** When the engine was last seen so. */
  readonly takenAt: Instant;
  /** Since when it is so. */
  readonly changedAt: Instant;
  readonly hash: string;
  readonly summary: SnapshotSummary;
  readonly content: SnapshotContent;
}

export interface SnapshotQueries {
  /** Of the Swarm node asked for; else of the node that tells of the Swarm, or the newest. */
  latest(environmentId: string, node?: string): Promise<(TakenSnapshot & { readonly environment: SnapshotView }) | undefined>;
  /** Newest first; `nextCursor` is the next page's `before`. */
  list(
    environmentId: string,
    page: { readonly limit: number; readonly before?: number },
  ): Promise<{ readonly items: readonly SnapshotHistoryItem[]; readonly nextCursor: string | null; readonly total: number }>;
}

/** An environment, as REST shows it but for what only the live process knows (a tunnel's lastUsedAt) and what settings decide. */
export interface EnvironmentView {
  readonly id: string;
  readonly name: string;
  readonly status: EnvironmentStatus;
  readonly address: string;
  readonly tunnelAddress: string;
  readonly issuedEdgeId: string;
  readonly edgeId: string | null;
  /** Edge IDs that were disassociated and not allowed again, the oldest first. */
  readonly barredEdgeIds: readonly string[];
  readonly tags: readonly string[];
  /** Of the agent that reported last, such as linux/amd64; null before the first. */
  readonly platform: string | null;
  readonly createdAt: Instant;
  readonly pollIntervalSeconds: number | null;
  readonly association: {
    readonly state: 'unassociated' | 'associated';
    readonly at: Instant | null;
    /** Of its agents, and of those refused as duplicates of one of them. */
    readonly addresses: readonly string[];
    /** Agents refused because another one with the same identity was kept; empty but while both live. */
    readonly duplicates: readonly { readonly node: string; readonly address: string; readonly at: Instant }[];
    readonly lastRejected: { readonly reason: string; readonly address: string; readonly at: Instant } | null;
  };
  readonly heartbeat: {
    readonly state: 'never' | 'up' | 'down';
    readonly lastPolledAt: Instant | null;
    readonly lastFailure: { readonly reason: string; readonly at: Instant } | null;
  };
  readonly agents: readonly {
    readonly node: string;
    readonly version: string;
    readonly engine: { readonly name: string; readonly version: string } | null;
    readonly address: string;
    readonly lastPolledAt: Instant | null;
    /** The new address (host:port) it was told and can't use, so that it stays where it is; null where all is well. */
    readonly addressFailure: { readonly address: string; readonly port: 'api' | 'tunnel'; readonly reason: string; readonly detail: string; readonly at: Instant } | null;
  }[];
  /** The environment's own tunnel. */
  readonly tunnel: TunnelView;
  /** One for each Swarm node asked for. */
  readonly tunnels: readonly TunnelView[];
  /** Null where none was ever due. */
  readonly snapshot: SnapshotView | null;
}

export interface EnvironmentListQuery {
  /** Only these, at most a hundred; those that are not there are left out. */
  readonly ids?: readonly string[];
  /** Part of a name, ignoring case. */
  readonly search?: string;
  readonly status?: EnvironmentStatus;
  readonly tag?: string;
  readonly platform?: string;
  /** 1 to 1000. */
  readonly limit: number;
  /** From a page's nextCursor. */
  readonly cursor?: string;
}

export interface EnvironmentQueries {
  /** Sorted by name, ignoring case. Throws RangeError on a cursor that no page gave. */
  list(query: EnvironmentListQuery): Promise<{ readonly items: readonly EnvironmentView[]; readonly nextCursor: string | null; readonly total: number }>;
  find(environmentId: string): Promise<EnvironmentView | undefined>;
}

export type ProjectionsErrorCode =
  /** The read models stopped on an error; they are tried again by themselves. */
  | 'projections-failed'
  /** A query could not be answered. */
  | 'query-failed'
  | 'projections-closed';

/** What the read models reject with (but for RangeError on a bad cursor, and a signal's own reason); recognise it by its code. */
export class ProjectionsError extends Error {
  override readonly name = 'ProjectionsError';
  readonly code: ProjectionsErrorCode;

  constructor(code: ProjectionsErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/**
 * How the read models fare.
 *
 * ```
 *   catching-up ──▶ live
 *        ▲  └──────┬──┘
 *        └─ failed ◀┘     tried again with backoff, from the checkpoint
 * ```
 */
export type ProjectionsState = { readonly kind: 'catching-up' } | { readonly kind: 'live' } | { readonly kind: 'failed'; readonly reason: string };

/** How far a rebuild is. */
export interface RebuildProgress {
  /** Events applied so far. */
  readonly events: number;
  /** Of the log as it was when the rebuild began, from 0 to 1; null where the store's positions do not tell. */
  readonly share: number | null;
}

export interface Projections {
  readonly environments: EnvironmentQueries;
  readonly snapshots: SnapshotQueries;
  readonly startup: PastRecord;
  /** For health checks. */
  state(): ProjectionsState;
  /**
   * Resolves when everything up to the head of the log at the time of the call is applied.
   * Throws {@link ProjectionsError} projections-failed, projections-closed; or the signal's reason.
   */
  whenCaughtUp(signal?: AbortSignal): Promise<void>;
  /**
   * Read your writes: true once the position is applied, false where that took longer than `timeoutMs`, or at once where
   * the state is failed. Throws EventStoreError `invalid-position` on text that is no position of the store.
   */
  whenApplied(position: Position, timeoutMs: number): Promise<boolean>;
  /** The newest position applied; undefined where none. */
  appliedPosition(): Position | undefined;
  /**
   * Builds the read models anew in a second file while the first one answers, then takes its place; resolves when it has. Of several
   * who ask at once all share one rebuild; it ends, and the first file stays, once the signals of all of them have aborted.
   * Throws {@link ProjectionsError} projections-failed, projections-closed; or the signal's reason.
   */
  rebuild(onProgress?: (progress: RebuildProgress) => void, signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
