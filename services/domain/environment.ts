/** Decides what may happen to an environment: its creation, its agents' association, its heartbeat, its end. */
import type { Decider } from './decider.ts';
import type { AgentReport, EnvironmentEvent, Instant } from './events.ts';
import { Refusal } from './refusal.ts';

/** An agent of the environment, as it was last seen. */
export interface SeenAgent {
  readonly instanceId: string;
  readonly address: string;
  readonly report: AgentReport;
}

export interface ActiveEnvironment {
  readonly status: 'active';
  readonly environmentId: string;
  readonly name: string;
  readonly address: string;
  readonly tunnelAddress: string;
  readonly tags: readonly string[];
  readonly pollIntervalSeconds: number | null;
  readonly issuedEdgeId: string;
  readonly requireIssuedEdgeId: boolean;
  readonly joinTokenVersion: number;
  /** The associated Edge ID; null while unassociated. */
  readonly edgeId: string | null;
  readonly heartbeat: 'never' | 'up' | 'down';
  /** By {@link agentKey}. */
  readonly agents: Readonly<Record<string, SeenAgent>>;
}

/**
 * ```
 *            EnvironmentCreated            AgentAssociated
 *   absent ───────────────────▶ unassociated ────────────▶ associated      heartbeat: never ─▶ up ⇄ down
 *                                   │                          │
 *                                   └──── EnvironmentRemoved ──┴──▶ removed
 * ```
 * Unassociated and associated are both `active`; `edgeId` tells them apart.
 */
export type EnvironmentState = { readonly status: 'absent' } | ActiveEnvironment | { readonly status: 'removed'; readonly name: string };

export type EnvironmentCommand =
  | {
      readonly type: 'create';
      readonly at: Instant;
      readonly environmentId: string;
      readonly name: string;
      readonly address: string;
      readonly tunnelAddress: string;
      readonly tags: readonly string[];
      readonly pollIntervalSeconds: number | null;
      readonly issuedEdgeId: string;
      readonly requireIssuedEdgeId: boolean;
    }
  | {
      readonly type: 'change';
      readonly at: Instant;
      readonly name?: string;
      readonly address?: string;
      readonly tunnelAddress?: string;
      readonly tags?: readonly string[];
      readonly pollIntervalSeconds?: number | null;
    }
  /** An agent with a good join secret introduces itself. */
  | {
      readonly type: 'introduce-agent';
      readonly at: Instant;
      readonly edgeId: string;
      readonly instanceId: string;
      readonly address: string;
      readonly report: AgentReport;
    }
  | { readonly type: 'lose-heartbeat'; readonly at: Instant; readonly lastPolledAt: Instant | null }
  | { readonly type: 'restore-heartbeat'; readonly at: Instant }
  | { readonly type: 'remove'; readonly at: Instant };

type CreateCommand = Extract<EnvironmentCommand, { type: 'create' }>;
type ChangeCommand = Extract<EnvironmentCommand, { type: 'change' }>;
type IntroduceCommand = Extract<EnvironmentCommand, { type: 'introduce-agent' }>;

/** What tells the agents of one environment apart: the Swarm node, or nothing where a single engine stands alone. */
export function agentKey(report: AgentReport): string {
  return report.swarm?.nodeId ?? '';
}

function create(command: CreateCommand, state: EnvironmentState): EnvironmentEvent[] {
  if (state.status !== 'absent') throw new Refusal('environment-exists', 'an environment with this id exists already');
  const { type: _type, ...data } = command;
  return [{ type: 'EnvironmentCreated', data: { ...data, joinTokenVersion: 1 } }];
}

function active(state: EnvironmentState): ActiveEnvironment {
  if (state.status === 'active') return state;
  if (state.status === 'removed') throw new Refusal('environment-removed', 'this environment was removed');
  throw new Refusal('unknown-environment', 'there is no such environment');
}

function change(command: ChangeCommand, state: ActiveEnvironment): EnvironmentEvent[] {
  const { at } = command;
  const { environmentId } = state;
  const events: EnvironmentEvent[] = [];
  if (command.name !== undefined && command.name !== state.name) {
    events.push({ type: 'EnvironmentRenamed', data: { at, environmentId, name: command.name } });
  }
  const address = command.address ?? state.address;
  const tunnelAddress = command.tunnelAddress ?? state.tunnelAddress;
  if (address !== state.address || tunnelAddress !== state.tunnelAddress) {
    events.push({ type: 'EnvironmentAddressChanged', data: { at, environmentId, address, tunnelAddress } });
  }
  if (command.tags !== undefined && !sameJson(command.tags, state.tags)) {
    events.push({ type: 'EnvironmentTagged', data: { at, environmentId, tags: command.tags } });
  }
  if (command.pollIntervalSeconds !== undefined && command.pollIntervalSeconds !== state.pollIntervalSeconds) {
    events.push({ type: 'PollIntervalChanged', data: { at, environmentId, pollIntervalSeconds: command.pollIntervalSeconds } });
  }
  return events;
}

function introduce(command: IntroduceCommand, state: ActiveEnvironment): EnvironmentEvent[] {
  const { at, edgeId, instanceId, address, report } = command;
  const { environmentId } = state;
  const events: EnvironmentEvent[] = [];
  const issued = edgeId === state.issuedEdgeId;
  if (state.edgeId === null) {
    if (state.requireIssuedEdgeId && !issued) {
      throw new Refusal('edge-id-mismatch', 'this environment takes only the Edge ID that was issued for it');
    }
    events.push({ type: 'AgentAssociated', data: { at, environmentId, edgeId, issued, node: report.node, address } });
  } else if (edgeId !== state.edgeId) {
    throw new Refusal('edge-id-mismatch', 'this environment is associated with another Edge ID');
  }
  const seen = state.agents[agentKey(report)];
  if (seen === undefined || seen.instanceId !== instanceId || seen.address !== address || !sameJson(seen.report, report)) {
    events.push({ type: 'AgentSeen', data: { at, environmentId, instanceId, address, report } });
  }
  return events;
}

function decide(command: EnvironmentCommand, state: EnvironmentState): readonly EnvironmentEvent[] {
  if (command.type === 'create') return create(command, state);
  const environment = active(state);
  const { environmentId } = environment;
  const { at } = command;
  switch (command.type) {
    case 'change':
      return change(command, environment);
    case 'introduce-agent':
      return introduce(command, environment);
    case 'lose-heartbeat':
      if (environment.heartbeat !== 'up') return [];
      return [{ type: 'HeartbeatLost', data: { at, environmentId, lastPolledAt: command.lastPolledAt } }];
    case 'restore-heartbeat':
      return environment.heartbeat === 'down' ? [{ type: 'HeartbeatRestored', data: { at, environmentId } }] : [];
    case 'remove':
      return [{ type: 'EnvironmentRemoved', data: { at, environmentId } }];
  }
}

function evolve(state: EnvironmentState, event: EnvironmentEvent): EnvironmentState {
  if (event.type === 'EnvironmentCreated') {
    const { at: _at, ...created } = event.data;
    return { status: 'active', ...created, edgeId: null, heartbeat: 'never', agents: {} };
  }
  if (state.status !== 'active') return state;
  switch (event.type) {
    case 'EnvironmentRenamed':
      return { ...state, name: event.data.name };
    case 'EnvironmentTagged':
      return { ...state, tags: event.data.tags };
    case 'EnvironmentAddressChanged':
      return { ...state, address: event.data.address, tunnelAddress: event.data.tunnelAddress };
    case 'PollIntervalChanged':
      return { ...state, pollIntervalSeconds: event.data.pollIntervalSeconds };
    case 'AgentAssociated':
      return { ...state, edgeId: event.data.edgeId };
    case 'AgentSeen': {
      const { instanceId, address, report } = event.data;
      const heartbeat = state.heartbeat === 'never' ? 'up' : state.heartbeat;
      return { ...state, heartbeat, agents: { ...state.agents, [agentKey(report)]: { instanceId, address, report } } };
    }
    case 'HeartbeatLost':
      return { ...state, heartbeat: 'down' };
    case 'HeartbeatRestored':
      return { ...state, heartbeat: 'up' };
    case 'EnvironmentRemoved':
      return { status: 'removed', name: state.name };
  }
}

/** Plain JSON records with keys in one order: both sides come from the same constructors. */
function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

export const environmentDecider: Decider<EnvironmentState, EnvironmentCommand, EnvironmentEvent> = {
  initialState: { status: 'absent' },
  decide,
  evolve,
};
