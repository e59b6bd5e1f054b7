/** What others see of the read models. */
import type { Position } from '../services/event-store/port.ts';
import type { Instant } from '../services/domain/events.ts';
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

/** An environment, as REST shows it but for what only the live process knows (a tunnel's lastUsedAt) and what settings decide. */
export interface EnvironmentView {
  readonly id: string;
  readonly name: string;
  readonly status: EnvironmentStatus;
  readonly address: string;
  readonly tunnelAddress: string;
  readonly issuedEdgeId: string;
  readonly edgeId: string | null;
  readonly tags: readonly string[];
  /** Of the agent that reported last, such as linux/amd64; null before the first. */
  readonly platform: string | null;
  readonly createdAt: Instant;
  readonly pollIntervalSeconds: number | null;
  readonly association: {
    readonly state: 'unassociated' | 'associated';
    readonly at: Instant | null;
    readonly addresses: readonly string[];
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
  }[];
  /** The environment's own tunnel. */
  readonly tunnel: TunnelView;
  /** One for each Swarm node asked for. */
  readonly tunnels: readonly TunnelView[];
}

export interface EnvironmentListQuery {
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

export interface Projections {
  readonly environments: EnvironmentQueries;
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
   * Builds the read models anew in a second file while the first one answers, then takes its place; resolves when it has.
   * Throws {@link ProjectionsError} projections-failed, projections-closed.
   */
  rebuild(onProgress?: (progress: { readonly applied: Position | undefined }) => void): Promise<void>;
  close(): Promise<void>;
}
