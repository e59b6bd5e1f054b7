/** A seeded history as the deciders would write it: the same seed gives the same events. */
import type { NewEvent } from '../../services/event-store/port.ts';
import { environmentDecider, type ActiveEnvironment, type EnvironmentCommand, type EnvironmentState } from '../../services/domain/environment.ts';
import { isEventType, schemaVersions } from '../../services/domain/event-codec.ts';
import type { AgentReport, DomainEvent } from '../../services/domain/events.ts';
import type { SnapshotContainer } from '../../services/domain/snapshot.ts';
import { Refusal } from '../../services/domain/refusal.ts';
import { tunnelDecider, type TunnelCommand, type TunnelState } from '../../services/domain/tunnel.ts';
import { tunnelStream, type TunnelKey } from '../../services/domain/tunnel-key.ts';

export interface HistoryOptions {
  readonly seed: number;
  /** How many environments there are at a time, about. */
  readonly environments: number;
  /** How many of a hundred events are polls. */
  readonly pollPercent: number;
  /** Now and then something that is no decision about environments: refusals, accounts, and types nobody knows. */
  readonly isMixed?: boolean;
  /** How many of a hundred decisions are snapshots; none by default. */
  readonly snapshotPercent?: number;
}

/** An event and the stream it goes to. */
export interface HistoryEvent extends NewEvent {
  readonly stream: string;
}

/** Distributes the omission over the union's members. */
type WithoutPlace<Command> = Command extends unknown ? Omit<Command, 'at' | 'key'> : never;

interface Agent {
  readonly environmentId: string;
  readonly edgeId: string;
  readonly swarmNode: string | null;
  instance: number;
  sequence: number;
}

/** mulberry32: small, and the same everywhere. Gives a whole number from 0 to below `bound`. */
export function createRandom(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

const platforms = ['linux/amd64', 'linux/arm64', 'windows/amd64'];
const tags = ['north', 'south', 'lab', 'a "quoted" one', 'line\nbreak'];

/** Goes on for ever. */
export function* randomHistory({ seed, environments: target, pollPercent, isMixed = false, snapshotPercent = 0 }: HistoryOptions): Generator<HistoryEvent, never> {
  const random = createRandom(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)] as Item;
  const live: string[] = [];
  const states = new Map<string, EnvironmentState>();
  const tunnels = new Map<string, { readonly key: TunnelKey; state: TunnelState }>();
  const agents: Agent[] = [];
  let nowMs = Date.UTC(2026, 0, 31, 12);
  let created = 0;
  let events = 0;
  let credentials = 0;

  const at = () => new Date(nowMs).toISOString();

  function record(stream: string, { type, data }: { readonly type: string; readonly data: object }): HistoryEvent {
    const id = `00000000-0000-4000-8000-${(seed * 1_000_000_000 + ++events).toString(16).padStart(12, '0')}`;
    const metadata = JSON.stringify({ $correlationId: id, actor: 'system:test', schemaVersion: isEventType(type) ? schemaVersions[type] : 1, recordedAt: at() });
    return { id, stream, type, data: JSON.stringify(data), metadata };
  }

  function decideEnvironment(environmentId: string, command: WithoutPlace<EnvironmentCommand>): HistoryEvent[] {
    const state = states.get(environmentId) ?? environmentDecider.initialState;
    try {
      const decided = environmentDecider.decide({ ...command, at: at() }, state);
      states.set(environmentId, decided.reduce((before, event) => environmentDecider.evolve(before, event), state));
      return decided.map((event) => record(`environment-${environmentId}`, event));
    } catch (error) {
      if (error instanceof Refusal) return [];
      throw error;
    }
  }

  function decideTunnel(key: TunnelKey, command: WithoutPlace<TunnelCommand>): HistoryEvent[] {
    const stream = tunnelStream(key);
    const tunnel = tunnels.get(stream) ?? { key, state: tunnelDecider.initialState };
    try {
      const decided = tunnelDecider.decide({ ...command, key, at: at() }, tunnel.state);
      tunnels.set(stream, { key, state: decided.reduce((before, event) => tunnelDecider.evolve(before, event), tunnel.state) });
      return decided.map((event) => record(stream, event));
    } catch (error) {
      if (error instanceof Refusal) return [];
      throw error;
    }
  }

  function create(): HistoryEvent[] {
    const environmentId = `e${String(seed)}x${(++created).toString(36)}`;
    live.push(environmentId);
    return decideEnvironment(environmentId, {
      type: 'create',
      environmentId,
      name: `${pick(['Factory', 'factory', 'Ähre', 'ähre', 'Lager', 'shop'])} ${String(random(1_000_000))}`,
      address: 'homeport.example:9443',
      tunnelAddress: 'homeport.example:8000',
      tags: random(2) === 0 ? [] : [pick(tags)],
      pollIntervalSeconds: random(4) === 0 ? 60 : null,
      issuedEdgeId: `edge-${environmentId}`,
      requireIssuedEdgeId: false,
    });
  }

  function remove(environmentId: string): HistoryEvent[] {
    live.splice(live.indexOf(environmentId), 1);
    for (let index = agents.length - 1; index >= 0; index--) if (agents[index]?.environmentId === environmentId) agents.splice(index, 1);
    const removed = decideEnvironment(environmentId, { type: 'remove' });
    const closed = [...tunnels.values()]
      .filter(({ key }) => key.environmentId === environmentId && random(2) === 0)
      .flatMap(({ key }) => decideTunnel(key, { type: 'disconnect', reason: 'environment-removed' }));
    return [...removed, ...closed];
  }

  function introduce(environmentId: string): HistoryEvent[] {
    const mine = agents.filter((agent) => agent.environmentId === environmentId);
    let agent = mine.length > 0 && random(4) > 0 ? pick(mine) : undefined;
    if (agent === undefined) {
      const swarmNode = random(3) === 0 ? `node${String(random(3))}` : null;
      agent = { environmentId, edgeId: `edge-${environmentId}`, swarmNode, instance: 0, sequence: 0 };
      agents.push(agent);
    }
    if (agent.instance === 0 || random(3) === 0) {
      agent.instance = ++events;
      agent.sequence = 0;
    }
    return decideEnvironment(environmentId, {
      type: 'introduce-agent',
      edgeId: agent.edgeId,
      instanceId: `i${String(agent.instance)}`,
      address: `192.0.2.${String(random(4))}`,
      report: reportOf(agent),
    });
  }

  function reportOf({ swarmNode }: Agent): AgentReport {
    return {
      node: swarmNode === null ? 'host' : `host-${swarmNode}`,
      version: pick(['1.0.0', '1.1.0']),
      protocolVersion: 1,
      platform: pick(platforms),
      engine: random(5) === 0 ? null : { name: 'docker', version: '29.0.0', apiVersion: '1.52' },
      swarm: swarmNode === null ? null : { clusterId: 'cluster', nodeId: swarmNode, manager: true },
    };
  }

  function poll(): HistoryEvent[] {
    if (agents.length === 0) return [];
    const agent = pick(agents);
    const { environmentId, swarmNode } = agent;
    agent.sequence += 1;
    const node = swarmNode === null ? 'host' : `host-${swarmNode}`;
    const instanceId = `i${String(agent.instance)}`;
    const data = { at: at(), environmentId, node, instanceId };
    if (isMixed && random(200) === 0) {
      const from = agent.sequence;
      agent.sequence += 3;
      return [record('retention-cp', { type: 'PollsLost', data: { ...data, from, to: agent.sequence, count: 4 } })];
    }
    return [record(`polls-cp_${String(random(16))}`, { type: 'AgentPolled', data: { ...data, sequence: agent.sequence } })];
  }

  function useTunnel(environmentId: string): HistoryEvent[] {
    const key = { environmentId, node: random(4) === 0 ? `node${String(random(2))}` : null };
    const state = tunnels.get(tunnelStream(key))?.state ?? tunnelDecider.initialState;
    const credentialsId = 'grant' in state ? state.grant.credentialsId : `c${String(++credentials)}`;
    const grant = {
      credentialsId,
      secretHash: 'hash',
      agentInstanceId: 'i',
      agentNode: 'host',
      expiresAt: new Date(nowMs + 600_000 * random(2)).toISOString(),
    };
    const commands: Readonly<Record<TunnelState['status'], readonly WithoutPlace<TunnelCommand>[]>> = {
      closed: [{ type: 'require' }],
      required: [
        { type: 'issue-credentials', ...grant },
        { type: 'issue-credentials', ...grant },
        { type: 'lapse' },
        { type: 'disconnect', reason: 'disconnected' },
      ],
      opening: [
        { type: 'open', credentialsId, secretHash: 'hash', agentInstanceId: 'i', address: '192.0.2.9', controlPlaneNode: 'cp', epoch: 'one' },
        { type: 'expire-credentials', credentialsId },
        { type: 'fail-to-open', credentialsId, reason: 'connection-refused', detail: 'the port is closed' },
        { type: 'disconnect', reason: 'disconnected' },
      ],
      open: [
        { type: 'lose', credentialsId, reason: pick(['connection-lost', 'agent-stopped', 'server-restarted']) },
        { type: 'close-idle', credentialsId },
        { type: 'disconnect', reason: 'disconnected' },
      ],
    };
    return decideTunnel(key, pick(commands[state.status]));
  }

  function changeEnvironment(environmentId: string): HistoryEvent[] {
    const state = states.get(environmentId) as ActiveEnvironment;
    const changes = [
      { name: `${state.name.slice(0, 20)} ${String(random(100))}` },
      { tags: [pick(tags), `t${String(random(5))}`] },
      { address: `other.example:${String(9000 + random(9))}` },
      { pollIntervalSeconds: random(2) === 0 ? null : 30 },
    ];
    return decideEnvironment(environmentId, { type: 'change', ...pick(changes) });
  }

  function changeIdentity(environmentId: string): HistoryEvent[] {
    const { barredEdgeIds, duplicates } = states.get(environmentId) as ActiveEnvironment;
    const mine = agents.filter((agent) => agent.environmentId === environmentId);
    const rival = (agent: Agent, instance: number) => ({ instanceId: `i${String(instance)}`, address: `192.0.2.${String(random(4))}`, report: reportOf(agent) });
    const [first] = mine;
    return pick([
      () => decideEnvironment(environmentId, { type: 'rotate-token' }),
      () => decideEnvironment(environmentId, { type: 'disassociate', issuedEdgeId: `edge-${String(++events)}` }),
      () => decideEnvironment(environmentId, { type: 'unbar-edge-id', edgeId: barredEdgeIds[0] ?? 'none' }),
      () => (first === undefined ? [] : decideEnvironment(environmentId, { type: 'detect-duplicate', kept: rival(first, first.instance), refused: rival(first, ++events) })),
      () => (first === undefined ? [] : decideEnvironment(environmentId, { type: 'report-address', report: reportOf(first), failure: random(2) === 0 ? null : { address: 'new.example:1', port: 'api', reason: pick(['connection-refused', 'name-not-found']), detail: 'why' } })),
      () => decideEnvironment(environmentId, { type: 'resolve-duplicate', instanceId: duplicates[0]?.instanceId ?? 'none' }),
    ])();
  }

  function snapshot(environmentId: string): HistoryEvent[] {
    const node = random(4) === 0 ? `node${String(random(2))}` : null;
    const data = { at: at(), environmentId, node };
    const chance = random(10);
    if (chance < 2) return [record(`snapshots-${environmentId}`, { type: 'SnapshotFailed', data: { ...data, reason: 'timeout', detail: 'the engine did not answer' } })];
    if (chance < 5) return [record(`snapshots-${environmentId}`, { type: 'SnapshotUnchanged', data: { ...data, hash: 'hash' } })];
    const containers = Array.from({ length: 1 + random(3) }, (_, index) => containerOf(`${node ?? 'one'}c${String(index)}`));
    const content = { engine: null, containers, images: [], volumes: [], networks: [], nodes: [], services: [], diskUse: null, truncated: {}, failed: {} };
    const hostname = node === null ? 'host' : `host-${node}`;
    return [record(`snapshots-${environmentId}`, { type: 'SnapshotRecorded', data: { ...data, hostname, hash: `hash${String(random(1000))}`, content } })];
  }

  function containerOf(id: string): SnapshotContainer {
    const labels = random(2) === 0 ? {} : { 'com.docker.compose.project': pick(['shop', 'mail']) };
    const lists = { ports: [], mounts: [], networks: [], env: {} };
    const [image, state] = [pick(['nginx:1', 'Registry.example/App:2', 'redis']), pick(['running', 'exited', 'paused'])];
    return { id, name: pick(['web', 'Cache', 'db']), image, imageId: 'sha256:1', command: 'run', createdAt: at(), state, health: pick([null, 'healthy', 'unhealthy']), exitCode: null, labels, ...lists };
  }

  function decide(): HistoryEvent[] {
    if (live.length < target) return create();
    const environmentId = pick(live);
    if (snapshotPercent > 0 && random(100) < snapshotPercent) return snapshot(environmentId);
    const chance = random(100);
    if (isMixed && chance < 1) return remove(environmentId);
    if (isMixed && chance < 6) return other(environmentId);
    if (isMixed && chance < 9) return changeIdentity(environmentId);
    if (chance < 12) return changeEnvironment(environmentId);
    if (chance < 40) return introduce(environmentId);
    if (chance < 50) return decideEnvironment(environmentId, { type: 'lose-heartbeat', lastPolledAt: at() });
    if (chance < 60) return decideEnvironment(environmentId, { type: 'restore-heartbeat' });
    return useTunnel(environmentId);
  }

  function other(environmentId: string): HistoryEvent[] {
    const rejected = (id: string | null): DomainEvent => ({
      type: 'PollRejected',
      data: { at: at(), environmentId: id, reason: pick(['wrong-join-secret', 'edge-id-mismatch']), address: '198.51.100.7', node: null },
    });
    const address = '192.0.2.1';
    return pick([
      () => [record('refusals-cp', rejected(environmentId))],
      () => [record('refusals-cp', rejected(pick([null, 'nosuch'])))],
      () => [record('signins', { type: 'SignedOut', data: { at: at(), userId: 'u', username: 'admin', sessionId: 's', address } })],
      () => [record('weather-1', { type: 'RainFell', data: { millimetres: 3 } })],
    ])();
  }

  for (;;) {
    if (random(3) === 0) nowMs += random(4000);
    const isPoll = agents.length > 0 && live.length >= target && random(100) < pollPercent;
    yield* isPoll ? poll() : decide();
  }
}

/** The first `count` events. */
export function takeHistory(options: HistoryOptions, count: number): HistoryEvent[] {
  const history = randomHistory(options);
  return Array.from({ length: count }, () => history.next().value);
}
