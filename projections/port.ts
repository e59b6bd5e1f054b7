/** What others see of the read models. */
import type { Position } from '../services/event-store/port.ts';
import type { AccountSummary } from '../services/domain/account.ts';
import type { Instant, Role, Settings } from '../services/domain/events.ts';
import type { SnapshotContent, SnapshotSummary } from '../services/domain/snapshot.ts';
import type { EnvironmentSort } from './environments/list-place.ts';
import type { FleetDimension } from './fleet/rows.ts';
import type { TimelineKind } from './timeline/kinds.ts';
import type { PastRecord } from '../services/domain/past-record.ts';
import type { LiveChanges } from './changes/recent-changes.ts';

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
  /** From this instant on it was the latest of its node. */
  readonly recordedAt: Instant;
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

/** Where a page of a list ends, and how many there are on all pages together. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** For the next page; null where this was the last. */
  readonly nextCursor: string | null;
  readonly total: number;
}

export interface SnapshotQueries {
  /** Of the Swarm node asked for; else of the node that tells of the Swarm, or the newest. */
  latest(environmentId: string, node?: string): Promise<(TakenSnapshot & { readonly environment: SnapshotView }) | undefined>;
  /** Newest first; `nextCursor` is the next page's `before`. */
  list(
    environmentId: string,
    page: { readonly limit: number; readonly before?: number },
  ): Promise<Page<SnapshotHistoryItem>>;
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
  /** One of its tunnels is so; closed: all are. */
  readonly tunnel?: TunnelView['state'];
  /** By name, ignoring case, where it is not said; with a dash before it backwards. The status is sorted by its word. */
  readonly sort?: EnvironmentSort;
  /** Only those with one of these tags: what whoever asks may know of. Absent is all. */
  readonly tagsInReach?: readonly string[];
  /** 1 to 1000. */
  readonly limit: number;
  /** From a page's nextCursor. */
  readonly cursor?: string;
  /** So many are left out before the page, for lists that are shown by place. */
  readonly offset?: number;
}

export interface EnvironmentQueries {
  /** Throws RangeError on a cursor that no page of this order gave. */
  list(query: EnvironmentListQuery): Promise<Page<EnvironmentView>>;
  find(environmentId: string): Promise<EnvironmentView | undefined>;
}

export interface ContainerListQuery {
  /** Parts of a container's name and of its image's, ignoring case. */
  readonly name?: string;
  readonly image?: string;
  /** Such as running. */
  readonly state?: string;
  readonly environmentId?: string;
  /** Only those of environments with one of these tags: what whoever asks may know of. Absent is all. */
  readonly tagsInReach?: readonly string[];
  /** 1 to 1000. */
  readonly limit: number;
  /** From a page's nextCursor. */
  readonly cursor?: string;
  /** So many are left out before the page, for lists that are shown by place. */
  readonly offset?: number;
}

/** A container as its engine's latest snapshot has it. */
export interface ContainerView {
  readonly environment: { readonly id: string; readonly name: string };
  /** The Swarm node, or null. */
  readonly node: string | null;
  readonly hostname: string;
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly state: string;
  readonly health: string | null;
  readonly exitCode: number | null;
  readonly createdAt: Instant | null;
  /** Its Compose project or Swarm stack. */
  readonly stack: string | null;
  /** When the engine was last seen so. */
  readonly takenAt: Instant;
}

export interface ContainerQueries {
  /** Sorted by name, ignoring case. Throws RangeError on a cursor that no page gave. */
  list(query: ContainerListQuery): Promise<Page<ContainerView>>;
}

/** How many there are; what there is none of is left out. */
export interface FleetCounts {
  readonly environments: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byPlatform: Readonly<Record<string, number>>;
  /** Agents by their version: a Swarm has several. */
  readonly byVersion: Readonly<Record<string, number>>;
  /** Tunnels that are not closed, by state. */
  readonly tunnels: Readonly<Record<string, number>>;
}

/** Counts over time: each series has a point for each step. */
export interface FleetHistory {
  readonly by: FleetDimension;
  readonly stepSeconds: number;
  /** When each step begins. */
  readonly at: readonly Instant[];
  readonly series: readonly {
    /** Such as up, linux/amd64, 1.0.0. */
    readonly value: string;
    /** At each step's end, and the least and the most within it. */
    readonly last: readonly number[];
    readonly lowest: readonly number[];
    readonly highest: readonly number[];
  }[];
}

export interface FleetHistoryQuery {
  readonly by: FleetDimension;
  /** [from, to). */
  readonly from: Instant;
  readonly to: Instant;
  /** How far points should be apart; they are further apart where the past is kept less finely, or there would be too many. */
  readonly stepSeconds?: number;
}

export interface FleetQueries {
  /** Of environments with one of these tags; absent is all. */
  counts(tagsInReach?: readonly string[]): Promise<FleetCounts>;
  history(query: FleetHistoryQuery): Promise<FleetHistory>;
}

/** Something that happened, as its event tells it. */
export interface TimelineEntry {
  /** The event's. */
  readonly id: string;
  readonly kind: TimelineKind;
  /** The event's. */
  readonly type: string;
  readonly environmentId: string | null;
  /** Its newest name, also where it was removed. */
  readonly environmentName: string | null;
  readonly actor: string | null;
  readonly time: Instant;
  readonly recordedAt: Instant;
  readonly stream: string;
  readonly revision: number;
  readonly position: Position;
  /** What else the event says; of a snapshot its summary. */
  readonly details: Readonly<Record<string, unknown>>;
}

export interface TimelineQuery {
  readonly environmentId?: string;
  readonly kind?: TimelineKind;
  readonly actor?: string;
  /** [from, to), by when it was recorded. */
  readonly from?: Instant;
  readonly to?: Instant;
  readonly order: 'asc' | 'desc';
  /** Only those of environments with one of these tags: what whoever asks may know of. Absent is all. */
  readonly tagsInReach?: readonly string[];
  /** 1 to 1000. */
  readonly limit: number;
  /** From a page's nextCursor. */
  readonly cursor?: string;
}

/** A call through a tunnel. */
export interface CallView {
  readonly id: string;
  readonly environmentId: string;
  /** Its newest name, also where it was removed. */
  readonly environmentName: string | null;
  /** The Swarm node asked for, or null. */
  readonly node: string | null;
  readonly actor: string | null;
  /** Null where only the stream that it became was recorded. */
  readonly method: string | null;
  readonly path: string;
  readonly startedAt: Instant;
  /** Null while it is under way, and for ever where the server was killed meanwhile. */
  readonly endedAt: Instant | null;
  /** Null also where the client was gone before there was one. */
  readonly status: number | null;
  /** A stable code where it failed on our side of the engine. */
  readonly failure: string | null;
  readonly durationMs: number | null;
  readonly bytesSent: number | null;
  readonly bytesReceived: number | null;
  /** What it became where its connection was upgraded or followed: exec, attach, logs. */
  readonly stream: { readonly kind: string; readonly endReason: string | null } | null;
}

export interface ActivityQuery {
  readonly environmentId?: string;
  readonly actor?: string;
  readonly method?: string;
  /** Whether by a method that may change something, which is any but GET and HEAD. */
  readonly changes?: boolean;
  /** Part of the path. */
  readonly path?: string;
  readonly result?: 'ok' | 'failed' | 'under-way';
  /** [from, to), by when it was last told of. */
  readonly from?: Instant;
  readonly to?: Instant;
  /** Only those of environments with one of these tags: what whoever asks may know of. Absent is all. */
  readonly tagsInReach?: readonly string[];
  /** 1 to 1000. */
  readonly limit: number;
  /** From a page's nextCursor. */
  readonly cursor?: string;
}

/** Lists of what happened: `total` is null where there is too much to count. */
type Log<Item> = Omit<Page<Item>, 'total'> & { readonly total: number | null };

export interface TimelineQueries {
  /** Throws RangeError on a cursor that no page gave. */
  list(query: TimelineQuery): Promise<Log<TimelineEntry>>;
}

export interface ActivityQueries {
  /** The newest first: by their start while they are under way, then by their end. Throws RangeError on a cursor that no page gave. */
  list(query: ActivityQuery): Promise<Log<CallView>>;
}

/** An account as it was. */
export interface PastUser extends AccountSummary {
  /** Those that were good then. */
  readonly apiKeys: readonly { readonly id: string; readonly name: string; readonly role: Role; readonly createdAt: Instant; readonly expiresAt: Instant | null }[];
}

/** An environment as it was. */
export interface PastEnvironment {
  readonly environment: EnvironmentView;
  /** What of it may be older than it was, by the fields' paths: polls and snapshots of then that are gone. */
  readonly approximate: readonly string[];
  /** What the settings said then, as far as they had been set. */
  readonly settings: Partial<Settings>;
}

/**
 * The past, as of an instant in milliseconds since 1970: the fold of all events before the first one recorded after it. Errors are those
 * of the same questions about now, and EventStoreError where the log can't be asked for polls.
 */
export interface PastQueries {
  listEnvironments(atMs: number, query: EnvironmentListQuery, signal?: AbortSignal): Promise<Page<PastEnvironment>>;
  findEnvironment(atMs: number, environmentId: string, signal?: AbortSignal): Promise<PastEnvironment | undefined>;
  /** Of the Swarm node, by its id or host name. Undefined where the environment did not exist; `node` is undefined where it had no such node. */
  findTunnel(atMs: number, environmentId: string, node: string | null): Promise<{ readonly node: string | null | undefined; readonly tunnel: TunnelView } | undefined>;
  hadEnvironment(atMs: number, environmentId: string): Promise<boolean>;
  latestSnapshot(atMs: number, environmentId: string, node?: string): ReturnType<SnapshotQueries['latest']>;
  listSnapshots(atMs: number, environmentId: string, page: { readonly limit: number; readonly before?: number }): Promise<Page<SnapshotHistoryItem>>;
  listContainers(atMs: number, query: ContainerListQuery): Promise<Page<ContainerView>>;
  /** By username. */
  listUsers(atMs: number): Promise<readonly PastUser[]>;
  countFleet(atMs: number, tagsInReach?: readonly string[]): Promise<FleetCounts>;
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

/** How far the read models are behind the log. One transaction applies an event to all of them, so this holds for each. */
export interface ProjectionsLag {
  /** Events recorded and not applied; those that expired meanwhile count too. Null where the store's positions do not tell. */
  readonly events: number | null;
  /** The age of the oldest event that is not applied; 0 where all are. */
  readonly seconds: number;
}

export interface Projections {
  readonly environments: EnvironmentQueries;
  readonly snapshots: SnapshotQueries;
  readonly containers: ContainerQueries;
  readonly fleet: FleetQueries;
  readonly timeline: TimelineQueries;
  readonly activity: ActivityQueries;
  readonly past: PastQueries;
  readonly startup: PastRecord;
  /** What is committed, as it is committed. */
  readonly changes: LiveChanges;
  /** For health checks. */
  state(): ProjectionsState;
  /** How far a rebuild is that is under way, whoever asked for it; undefined where none is. Meanwhile the read models answer as ever. */
  rebuilding(): RebuildProgress | undefined;
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
  /**
   * For metrics and health checks: costs a look at the log's head, and where something is behind one event read.
   * Throws EventStoreError where the store can't be asked.
   */
  lag(): Promise<ProjectionsLag>;
  /**
   * Whether everything recorded up to now is applied, waiting for it at most so long: an instant of the last moments is told exactly only then.
   */
  whenComplete(timeoutMs: number): Promise<boolean>;
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
