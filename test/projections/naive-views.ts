/** What environments look like after some events, told in the plainest way: one event after the other, all in memory. */
import { agentKey } from '../../services/domain/environment.ts';
import { decodeEvent } from '../../services/domain/event-codec.ts';
import type { AgentReport } from '../../services/domain/events.ts';
import { stacksOf, summaryOf, type SnapshotContent, type SnapshotSummary } from '../../services/domain/snapshot.ts';
import type { ContainerView, EnvironmentView, SnapshotView, TunnelView } from '../../projections/port.ts';
import type { HistoryEvent } from './random-history.ts';

type Mutable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

interface NaiveAgent {
  address: string;
  report: AgentReport;
  /** Newest last; polls of any other are not looked at. */
  instances: string[];
  /** By instance. */
  polls: Map<string, string>;
  addressFailure: EnvironmentView['agents'][number]['addressFailure'];
}

interface NaiveSnapshot {
  readonly hostname: string;
  readonly takenAt: string | null;
  readonly content: SnapshotContent | null;
  readonly lastFailure: SnapshotView['lastFailure'];
}

interface Naive {
  view: Mutable<EnvironmentView>;
  associationAddress: string | null;
  agents: Map<string, NaiveAgent>;
  /** By instance. */
  duplicates: Map<string, EnvironmentView['association']['duplicates'][number]>;
}

export interface NaiveFold {
  take(events: readonly HistoryEvent[]): void;
  /** The views by environment id as they are now; they change with the next events. Without `withPolls` no poll is looked at, as in the rows of the past. */
  views(withPolls: boolean): Map<string, EnvironmentView>;
  /** Those of each node's latest snapshot. */
  containers(): ContainerView[];
}

/** The views after some events. */
export function naiveViews(events: readonly HistoryEvent[], withPolls: boolean): Map<string, EnvironmentView> {
  const fold = createNaiveFold();
  fold.take(events);
  return fold.views(withPolls);
}

export function createNaiveFold(): NaiveFold {
  const all = new Map<string, Naive>();
  const tunnels = new Map<string, Map<string, TunnelView>>();
  const snapshots = new Map<string, Map<string, NaiveSnapshot>>();

  /** Snapshots outlive nothing: they go with their environment. */
  function snapshot(environmentId: string, node: string | null, changes: Partial<NaiveSnapshot>): void {
    const mine = snapshots.get(environmentId) ?? new Map<string, NaiveSnapshot>();
    snapshots.set(environmentId, mine);
    const before = mine.get(node ?? '') ?? { hostname: node ?? '', takenAt: null, content: null, lastFailure: null };
    mine.set(node ?? '', { ...before, ...changes });
  }

  function tunnel(environmentId: string, node: string | null, changes: Partial<TunnelView>): void {
    const mine = tunnels.get(environmentId) ?? new Map<string, TunnelView>();
    tunnels.set(environmentId, mine);
    const before = mine.get(node ?? '') ?? { ...closed, node };
    mine.set(node ?? '', { ...before, openedAt: null, agentNode: null, ...changes });
  }

  function take(recorded: HistoryEvent): void {
    const event = decodeEvent(recorded);
    if (event === undefined || !('environmentId' in event.data) || event.data.environmentId === null) return;
    const { at } = event.data;
    if (event.type === 'EnvironmentCreated') {
      const { environmentId: id, name, address, tunnelAddress, issuedEdgeId, tags, pollIntervalSeconds } = event.data;
      const view: EnvironmentView = {
        id, name, address, tunnelAddress, issuedEdgeId, tags, pollIntervalSeconds,
        status: 'unassociated', edgeId: null, barredEdgeIds: [], platform: null, createdAt: at,
        association: { state: 'unassociated', at: null, addresses: [], duplicates: [], lastRejected: null },
        heartbeat: { state: 'never', lastPolledAt: null, lastFailure: null },
        agents: [], tunnel: closed, tunnels: [],
      snapshot: null,
      };
      all.set(id, { view, associationAddress: null, agents: new Map(), duplicates: new Map() });
      return;
    }
    const { environmentId } = event.data;
    switch (event.type) {
      case 'TunnelRequired': tunnel(environmentId, event.data.node, { state: 'required', since: at, lastFailure: null }); return;
      case 'TunnelCredentialsIssued': tunnel(environmentId, event.data.node, { state: 'opening', since: at }); return;
      case 'TunnelCredentialsExpired': {
        const lastFailure = { reason: 'credentials-expired', detail: 'the agent opened no tunnel in time', at };
        tunnel(environmentId, event.data.node, { state: 'required', since: at, lastFailure });
        return;
      }
      case 'TunnelOpenFailed': {
        const { reason, detail } = event.data;
        tunnel(environmentId, event.data.node, { state: 'required', since: at, lastFailure: { reason, detail, at } });
        return;
      }
      case 'TunnelOpened': {
        const { agentNode } = event.data;
        tunnel(environmentId, event.data.node, { state: 'open', since: at, openedAt: at, agentNode, lastFailure: null });
        return;
      }
      case 'TunnelLost': {
        const lastFailure = { reason: event.data.reason, detail: 'the tunnel was lost', at };
        tunnel(environmentId, event.data.node, { state: 'required', since: at, lastFailure });
        return;
      }
      case 'TunnelClosed': tunnel(environmentId, event.data.node, { state: 'closed', since: at, lastFailure: null }); return;
      case 'TunnelRequirementLapsed': tunnel(environmentId, event.data.node, { state: 'closed', since: at }); return;
      default:
    }
    const one = all.get(environmentId);
    if (one === undefined) return;
    const { view } = one;
    switch (event.type) {
      case 'EnvironmentRemoved':
        all.delete(environmentId);
        snapshots.delete(environmentId);
        break;
      case 'SnapshotRecorded': {
        const { node, hostname, content } = event.data;
        snapshot(environmentId, node, { hostname, content, takenAt: at, lastFailure: null });
        break;
      }
      case 'SnapshotUnchanged':
        if (snapshots.get(environmentId)?.get(event.data.node ?? '')?.content) snapshot(environmentId, event.data.node, { takenAt: at, lastFailure: null });
        // What it refers to is not known, but no failure was the last.
        else snapshots.get(environmentId)?.delete(event.data.node ?? '');
        break;
      case 'SnapshotFailed': {
        const { node, reason, detail } = event.data;
        snapshot(environmentId, node, { lastFailure: { reason, detail, at } });
        break;
      }
      case 'EnvironmentRenamed': view.name = event.data.name; break;
      case 'EnvironmentTagged': view.tags = event.data.tags; break;
      case 'EnvironmentAddressChanged': view.address = event.data.address; view.tunnelAddress = event.data.tunnelAddress; break;
      case 'PollIntervalChanged': view.pollIntervalSeconds = event.data.pollIntervalSeconds; break;
      case 'AgentAssociated':
        view.edgeId = event.data.edgeId;
        view.association = { ...view.association, state: 'associated', at };
        one.associationAddress = event.data.address;
        break;
      case 'AgentDisassociated':
        view.edgeId = null;
        view.issuedEdgeId = event.data.issuedEdgeId;
        view.barredEdgeIds = [...view.barredEdgeIds, event.data.edgeId];
        view.platform = null;
        view.association = { ...view.association, state: 'unassociated', at: null };
        view.heartbeat = { state: 'never', lastPolledAt: null, lastFailure: null };
        Object.assign(one, { associationAddress: null, agents: new Map(), duplicates: new Map() });
        break;
      case 'EdgeIdUnbarred': {
        const { edgeId } = event.data;
        view.barredEdgeIds = view.barredEdgeIds.filter((other) => other !== edgeId);
        break;
      }
      case 'DuplicateAgentDetected': {
        const { instanceId, node, address } = event.data.refused;
        one.duplicates.set(instanceId, { node, address, at });
        break;
      }
      case 'DuplicateAgentResolved': one.duplicates.delete(event.data.refused.instanceId); break;
      case 'HeartbeatLost': view.heartbeat = { ...view.heartbeat, state: 'down', lastFailure: { reason: 'heartbeat-lost', at } }; break;
      case 'HeartbeatRestored': view.heartbeat = { ...view.heartbeat, state: 'up' }; break;
      case 'PollRejected':
        view.association = { ...view.association, lastRejected: { reason: event.data.reason, address: event.data.address, at } };
        break;
      case 'AgentSeen': {
        const { instanceId, address, report } = event.data;
        if (view.heartbeat.state === 'never') view.heartbeat = { ...view.heartbeat, state: 'up' };
        view.platform = report.platform;
        const key = agentKey(report);
        const agent = one.agents.get(key) ?? { address, report, instances: [], polls: new Map<string, string>(), addressFailure: null };
        if (agent.instances.at(-1) !== instanceId) agent.instances = [...agent.instances.filter((other) => other !== instanceId), instanceId].slice(-2);
        for (const other of agent.polls.keys()) if (!agent.instances.includes(other)) agent.polls.delete(other);
        one.agents.set(key, Object.assign(agent, { address, report }));
        break;
      }
      case 'NewAddressFailed': {
        const { swarmNode, address, port, reason, detail } = event.data;
        const agent = one.agents.get(swarmNode ?? '');
        if (agent !== undefined) agent.addressFailure = { address, port, reason, detail, at };
        break;
      }
      case 'NewAddressUsed': {
        const agent = one.agents.get(event.data.swarmNode ?? '');
        if (agent !== undefined) agent.addressFailure = null;
        break;
      }
      case 'AgentPolled':
        for (const agent of one.agents.values()) if (agent.instances.includes(event.data.instanceId)) agent.polls.set(event.data.instanceId, at);
        break;
      default:
    }
  }

  return {
    take(events) {
      for (const event of events) take(event);
    },
    views: (withPolls) => new Map([...all].map(([id, one]) => [id, finish(one, tunnels.get(id) ?? new Map<string, TunnelView>(), snapshots.get(id), withPolls)])),
    containers: () =>
      [...snapshots].flatMap(([environmentId, nodes]) => {
        const environment = { id: environmentId, name: all.get(environmentId)?.view.name ?? '' };
        return [...nodes].flatMap(([node, { hostname, takenAt, content }]) =>
          (content?.containers ?? []).map(({ id, name, image, state, health, exitCode, createdAt, labels }) => {
            const stack = labels['com.docker.compose.project'] ?? null;
            return { environment, node: node === '' ? null : node, hostname, id, name, image, state, health, exitCode, createdAt, stack, takenAt: takenAt ?? '' };
          }),
        );
      }),
  };
}

const closed: TunnelView = { state: 'closed', since: null, openedAt: null, node: null, agentNode: null, lastFailure: null };

function finish({ view, agents, associationAddress, duplicates }: Naive, tunnels: ReadonlyMap<string, TunnelView>, snapshots: ReadonlyMap<string, NaiveSnapshot> | undefined, withPolls: boolean): EnvironmentView {
  const lastOf = ({ polls }: NaiveAgent) => (withPolls ? ([...polls.values()].sort().at(-1) ?? null) : null);
  const shown = [...agents].sort(([a, left], [b, right]) => compare(left.report.node, right.report.node) || compare(a, b)).map(([, agent]) => agent);
  const addresses = shown.length > 0 ? shown.map(({ address }) => address) : associationAddress === null ? [] : [associationAddress];
  const { lastRejected: rejected } = view.association;
  const { state, lastFailure: lost } = view.heartbeat;
  const isRefused = rejected !== null && (state === 'never' || (state === 'down' && addresses.includes(rejected.address) && rejected.at >= (lost?.at ?? '')));
  const lastPolledAt = shown.map(lastOf).filter((at) => at !== null).sort().at(-1) ?? null;
  return {
    ...view,
    status: view.edgeId === null ? 'unassociated' : duplicates.size > 0 ? 'duplicate' : view.heartbeat.state,
    association: {
      ...view.association,
      addresses: [...new Set([...addresses, ...[...duplicates.values()].map(({ address }) => address)])],
      duplicates: [...duplicates.values()],
    },
    heartbeat: { ...view.heartbeat, lastPolledAt, lastFailure: isRefused ? { reason: rejected.reason, at: rejected.at } : lost },
    agents: shown.map((agent) => ({
      node: agent.report.node,
      version: agent.report.version,
      engine: agent.report.engine && { name: agent.report.engine.name, version: agent.report.engine.version },
      address: agent.address,
      lastPolledAt: lastOf(agent),
      addressFailure: agent.addressFailure,
    })),
    snapshot: snapshots === undefined || snapshots.size === 0 ? null : finishSnapshot([...snapshots].sort(([a], [b]) => compare(a, b))),
    tunnel: tunnels.get('') ?? closed,
    tunnels: [...tunnels].filter(([node]) => node !== '').sort(([a], [b]) => compare(a, b)).map(([, tunnel]) => tunnel),
  };
}

function finishSnapshot(nodes: readonly (readonly [string, NaiveSnapshot])[]): SnapshotView {
  const summaries = nodes.flatMap(([, { content }]) => (content === null ? [] : [summaryOf(content)]));
  const [first] = summaries;
  const stacks = new Set(nodes.flatMap(([, { content }]) => (content === null ? [] : stacksOf(content)))).size;
  const latest = nodes.map(([, { lastFailure }]) => lastFailure).filter((failure) => failure !== null).sort((a, b) => compare(b.at, a.at))[0];
  return {
    takenAt: nodes.map(([, { takenAt }]) => takenAt).filter((at) => at !== null).sort().at(-1) ?? null,
    summary: first === undefined ? null : summaries.length === 1 ? first : { ...summaries.reduce(sumOf), stacks },
    lastFailure: latest ?? null,
    nodes: nodes.map(([node, { hostname, takenAt, content, lastFailure }]) => ({
      node: node === '' ? null : node,
      hostname,
      takenAt,
      summary: content === null ? null : summaryOf(content),
      lastFailure,
    })),
  };
}

function sumOf(a: SnapshotSummary, b: SnapshotSummary): SnapshotSummary {
  const containers = { ...a.containers };
  for (const [name, count] of Object.entries(b.containers) as [keyof typeof containers, number][]) containers[name] += count;
  const [volumes, images, cpus, memoryBytes] = [a.volumes + b.volumes, a.images + b.images, a.cpus + b.cpus, a.memoryBytes + b.memoryBytes];
  return { stacks: 0, services: Math.max(a.services, b.services), containers, volumes, images, cpus, memoryBytes };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
