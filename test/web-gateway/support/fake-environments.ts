/** Environments and read models in memory, as far as the gateway sees them. */
import type { EnvironmentView, TimelineEntry, TunnelView } from '../../../projections/port.ts';
import { createRecentChanges, type RecentChanges } from '../../../projections/changes/recent-changes.ts';
import type { GatewayDependencies } from '../../../web-gateway/gateway-dependencies.ts';
import { ApplicationError } from '../../../services/application/ports/application-error.ts';
import type { Environments } from '../../../services/application/ports/environments.ts';
import { EventStoreError } from '../../../services/event-store/port.ts';

const emptyPage = () => Promise.resolve({ items: [], nextCursor: null, total: 0 });
const noCounts = () => Promise.resolve({ environments: 0, byStatus: {}, byPlatform: {}, byVersion: {}, tunnels: {} });

/** What tells of the past and of many at once: read-models.spec.ts has real ones. */
const emptyReadModels: Pick<GatewayDependencies['projections'], 'containers' | 'fleet' | 'timeline' | 'activity' | 'past'> = {
  containers: { list: emptyPage },
  fleet: { counts: noCounts, history: ({ by }) => Promise.resolve({ by, stepSeconds: 60, at: [], series: [] }) },
  timeline: { list: emptyPage },
  activity: { list: emptyPage },
  past: {
    listEnvironments: emptyPage,
    findEnvironment: () => Promise.resolve(undefined),
    findTunnel: () => Promise.resolve(undefined),
    hadEnvironment: () => Promise.resolve(false),
    latestSnapshot: () => Promise.resolve(undefined),
    listSnapshots: emptyPage,
    listContainers: emptyPage,
    listUsers: () => Promise.resolve([]),
    countFleet: noCounts,
  },
};

function createdEntry(environmentId: string): TimelineEntry {
  const at = '2026-02-03T04:05:06.789Z';
  return { id: 'x', kind: 'environment', type: 'EnvironmentCreated', environmentId, environmentName: null, actor: 'user:admin', time: at, recordedAt: at, stream: `environment-${environmentId}`, revision: 0, position: '1', details: {} };
}

const CLOSED: TunnelView = { state: 'closed', since: null, openedAt: null, node: null, agentNode: null, lastFailure: null };

export interface FakeEnvironments {
  readonly environments: Environments;
  readonly projections: GatewayDependencies['projections'];
  readonly views: Map<string, EnvironmentView>;
  /** Calls back when an environment's tags change. */
  onTagged(listener: (environmentId: string) => void): void;
  /** What live clients are told. */
  readonly changes: RecentChanges;
  /** Of which environments polls are watched. */
  watchedPolls(): readonly string[];
  /** Whether the read models have come as far as the last change. */
  lag(isLagging: boolean): void;
}

export function createFakeEnvironments(): FakeEnvironments {
  const views = new Map<string, EnvironmentView>();
  const taggedListeners: ((environmentId: string) => void)[] = [];
  let isLagging = false;
  let watchedPolls: readonly string[] = [];
  const changes = createRecentChanges({
    compare(a, b) {
      if (!/^\d+$/.test(a)) throw new EventStoreError('invalid-position', 'that is no position');
      return Number(a) - Number(b);
    },
    onPollsWatched: (environmentIds) => (watchedPolls = environmentIds),
  });
  changes.restart('100');
  let position = 100;
  const at = '2026-02-03T04:05:06.789Z';

  function existing(id: string): EnvironmentView {
    const view = views.get(id);
    if (view === undefined) throw new ApplicationError('environment-not-found', 'there is no such environment');
    return view;
  }
  const checkName = (name: string | undefined, id?: string): void => {
    if (name === undefined) return;
    if (name.trim() === '') throw new ApplicationError('invalid-name', 'a name needs letters', { pointer: '/name' });
    if ([...views.values()].some((view) => view.id !== id && view.name.toLowerCase() === name.toLowerCase())) throw new ApplicationError('name-taken', 'that name is taken', { pointer: '/name' });
  };

  const environments: Environments = {
    async create(input) {
      checkName(input.name);
      if (/^(localhost|127\.)/.test(input.address) && input.allowLoopback !== true) throw new ApplicationError('loopback-address', 'agents can not call a loopback address', { pointer: '/address' });
      const environmentId = `env${views.size + 1}`;
      const { name, address, tunnelAddress = `${address.replace(/:\d+$/, '')}:8000`, tags = [], pollIntervalSeconds = null } = input;
      views.set(environmentId, {
        id: environmentId,
        name,
        status: 'unassociated',
        address,
        tunnelAddress,
        issuedEdgeId: '6b1f0c52-0000-4000-8000-000000000001',
        edgeId: null,
        tags,
        platform: null,
        createdAt: at,
        pollIntervalSeconds,
        barredEdgeIds: [],
        association: { state: 'unassociated', at: null, addresses: [], duplicates: [], lastRejected: null },
        heartbeat: { state: 'never', lastPolledAt: null, lastFailure: null },
        agents: [],
        tunnel: CLOSED,
        tunnels: [],
        snapshot: null,
      });
      return { environmentId, edgeId: '6b1f0c52-0000-4000-8000-000000000001', joinToken: 'am9pbi10b2tlbg', position: String((position += 1)) };
    },
    async change(id, { name, address, tunnelAddress, tags, pollIntervalSeconds }, _context, onlyIf = () => true) {
      const view = existing(id);
      if (!onlyIf(view)) throw new ApplicationError('precondition-failed', 'it was changed');
      checkName(name, id);
      views.set(id, {
        ...view,
        name: name ?? view.name,
        address: address ?? view.address,
        tunnelAddress: tunnelAddress ?? view.tunnelAddress,
        tags: tags ?? view.tags,
        pollIntervalSeconds: pollIntervalSeconds === undefined ? view.pollIntervalSeconds : pollIntervalSeconds,
      });
      if (tags !== undefined) for (const listener of taggedListeners) listener(id);
      return { position: String((position += 1)) };
    },
    async rotateToken(id) {
      const { issuedEdgeId } = existing(id);
      return { edgeId: issuedEdgeId, joinToken: 'cm90YXRlZA', position: String((position += 1)) };
    },
    async disassociate(id) {
      const view = existing(id);
      if (view.edgeId === null) return { position: undefined };
      views.set(id, { ...view, edgeId: null, barredEdgeIds: [...view.barredEdgeIds, view.edgeId], issuedEdgeId: '6b1f0c52-0000-4000-8000-000000000002' });
      return { position: String((position += 1)) };
    },
    async allowEdgeId(id, edgeId) {
      const view = existing(id);
      if (!view.barredEdgeIds.includes(edgeId)) throw new ApplicationError('edge-id-not-barred', 'this Edge ID is not barred');
      views.set(id, { ...view, barredEdgeIds: view.barredEdgeIds.filter((other) => other !== edgeId) });
      return { position: String((position += 1)) };
    },
    async remove(id) {
      existing(id);
      views.delete(id);
      return { position: String((position += 1)) };
    },
    async deployment(id) {
      return { edgeId: existing(id).issuedEdgeId, joinToken: 'am9pbi10b2tlbg' };
    },
  };
  return {
    environments,
    views,
    onTagged: (listener) => void taggedListeners.push(listener),
    changes,
    watchedPolls: () => watchedPolls,
    projections: {
      environments: {
        list({ limit, cursor, search = '', tagsInReach }) {
          if (cursor !== undefined && !/^\d+$/.test(cursor)) return Promise.reject(new RangeError('no such cursor'));
          const matching = [...views.values()].filter(({ name, tags }) => name.toLowerCase().includes(search.toLowerCase()) && (tagsInReach === undefined || tags.some((tag) => tagsInReach.includes(tag)))).sort((a, b) => a.name.localeCompare(b.name));
          const from = Number(cursor ?? 0);
          const items = matching.slice(from, from + limit);
          return Promise.resolve({ items, nextCursor: from + items.length < matching.length ? String(from + items.length) : null, total: matching.length });
        },
        find: (id) => Promise.resolve(isLagging ? undefined : views.get(id)),
      },
      snapshots: { latest: () => Promise.resolve(undefined), list: () => Promise.resolve({ items: [], nextCursor: null, total: 0 }) },
      ...emptyReadModels,
      timeline: {
        list({ environmentId = '' }) {
          const items = views.has(environmentId) ? [createdEntry(environmentId)] : [];
          return Promise.resolve({ items, nextCursor: null, total: items.length });
        },
      },
      rebuild(onProgress = () => undefined) {
        for (const [events, share] of [[5, 0.5], [10, 1]] as const) onProgress({ events, share });
        return Promise.resolve();
      },
      whenComplete: () => Promise.resolve(!isLagging),
      changes,
      whenApplied: (asked) => Promise.resolve(!isLagging && Number(asked) <= position),
    },
    lag(lagging) {
      isLagging = lagging;
    },
  };
}
