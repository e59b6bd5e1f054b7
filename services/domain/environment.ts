/** Decides what may happen to an environment: its creation, its agents' association, its heartbeat, its end. */
import type { Decider } from './decider.ts';
import type { AgentIdentity, AgentReport, EnvironmentEvent, Instant } from './events.ts';
import { nextVersion } from './next-version.ts';
import { Refusal } from './refusal.ts';

/** An agent of the environment, as it was last seen. */
export interface SeenAgent {
  readonly instanceId: string;
  readonly address: string;
  readonly report: AgentReport;
}

/** A new address that an agent was told and can't use. */
export interface FailedAddress {
  /** host:port. */
  readonly address: string;
  readonly port: 'api' | 'tunnel';
  /** Why: a code, and words. */
  readonly reason: string;
  readonly detail: string;
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
  /** Higher after each change of its addresses; 0 before the first. See TunnelCertificateState.version. */
  readonly addressVersion: number;
  /** By {@link agentKey}, which agents choose, so this is no plain object: what they were told and can't use. */
  readonly failedAddresses: ReadonlyMap<string, Pick<FailedAddress, 'address' | 'port' | 'reason'>>;
  /** The associated Edge ID; null while unassociated. */
  readonly edgeId: string | null;
  /** Edge IDs that were disassociated and not allowed again. */
  readonly barredEdgeIds: readonly string[];
  /** Agents that are turned away because another with the same identity was kept; empty but while both live. */
  readonly duplicates: readonly AgentIdentity[];
  readonly heartbeat: 'never' | 'up' | 'down';
  /** Since when it is down; null while it is not. */
  readonly lostAt: Instant | null;
  /** By {@link agentKey}. */
  readonly agents: ReadonlyMap<string, SeenAgent>;
}

/**
 * ```
 *            EnvironmentCreated             AgentAssociated               DuplicateAgentDetected
 *   absent ───────────────────▶ unassociated ─────────────▶ associated ─────────────────────────▶ associated,
 *                                   │    ▲                   │  │   ▲                               an agent in duplicate
 *                                   │    └ AgentDisassociated┘  │   └─── DuplicateAgentResolved ───────┘
 *                                   └───── EnvironmentRemoved ──┴──▶ removed         heartbeat: never ─▶ up ⇄ down
 * ```
 * All but absent and removed are `active`; `edgeId` and `duplicates` tell them apart. AgentDisassociated bars the Edge ID
 * until EdgeIdUnbarred, and ends a duplicate too.
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
  | { readonly type: 'rotate-token'; readonly at: Instant }
  /** `issuedEdgeId` is for the next agent. */
  | { readonly type: 'disassociate'; readonly at: Instant; readonly issuedEdgeId: string }
  | { readonly type: 'unbar-edge-id'; readonly at: Instant; readonly edgeId: string }
  /** Both were seen to go on polling. */
  | {
      readonly type: 'detect-duplicate';
      readonly at: Instant;
      readonly kept: SeenAgent;
      readonly refused: SeenAgent;
    }
  /** The refused agent has not come back for long. */
  | { readonly type: 'resolve-duplicate'; readonly at: Instant; readonly instanceId: string }
  /** An agent with a good join secret introduces itself. */
  | {
      readonly type: 'introduce-agent';
      readonly at: Instant;
      readonly edgeId: string;
      readonly instanceId: string;
      readonly address: string;
      readonly report: AgentReport;
    }
  /** What an agent says of the address it was told last; null where it can use it. */
  | { readonly type: 'report-address'; readonly at: Instant; readonly report: AgentReport; readonly failure: FailedAddress | null }
  | { readonly type: 'lose-heartbeat'; readonly at: Instant; readonly lastPolledAt: Instant | null }
  | { readonly type: 'restore-heartbeat'; readonly at: Instant }
  | { readonly type: 'remove'; readonly at: Instant };

type CreateCommand = Extract<EnvironmentCommand, { type: 'create' }>;
type ChangeCommand = Extract<EnvironmentCommand, { type: 'change' }>;
type IntroduceCommand = Extract<EnvironmentCommand, { type: 'introduce-agent' }>;
type DetectCommand = Extract<EnvironmentCommand, { type: 'detect-duplicate' }>;

/** Refused agents that are remembered at a time; of more the oldest go. */
export const duplicatesKept = 8;

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
  if (state.barredEdgeIds.includes(edgeId)) {
    throw new Refusal('edge-id-barred', 'this Edge ID was disassociated; use the one issued instead, or have an admin allow it again');
  }
  if (state.edgeId === null) {
    if (state.requireIssuedEdgeId && !issued) {
      throw new Refusal('edge-id-mismatch', 'this environment takes only the Edge ID that was issued for it');
    }
    events.push({ type: 'AgentAssociated', data: { at, environmentId, edgeId, issued, node: report.node, address } });
  } else if (edgeId !== state.edgeId) {
    throw new Refusal('edge-id-mismatch', 'this environment is associated with another Edge ID');
  }
  if (state.duplicates.some((one) => one.instanceId === instanceId)) {
    throw new Refusal('duplicate-agent', 'another agent polls with the same Edge ID and join token; is this machine a copy of another?');
  }
  return [...events, ...see({ instanceId, address, report }, at, state)];
}

/** What is recorded of an agent that is there: nothing where it is known. */
function see(agent: SeenAgent, at: Instant, { environmentId, agents }: ActiveEnvironment): EnvironmentEvent[] {
  const { instanceId, address, report } = agent;
  const seen = agents.get(agentKey(report));
  const isKnown = seen?.instanceId === instanceId && seen.address === address && sameJson(seen.report, report);
  return isKnown ? [] : [{ type: 'AgentSeen', data: { at, environmentId, instanceId, address, report } }];
}

function detect({ at, kept, refused }: DetectCommand, state: ActiveEnvironment): EnvironmentEvent[] {
  const { environmentId, duplicates, edgeId } = state;
  const isKnown = duplicates.some(({ instanceId }) => instanceId === refused.instanceId || instanceId === kept.instanceId);
  if (edgeId === null || isKnown || kept.instanceId === refused.instanceId) return [];
  const detected: EnvironmentEvent = { type: 'DuplicateAgentDetected', data: { at, environmentId, kept: identityOf(kept), refused: identityOf(refused) } };
  return [detected, ...see(kept, at, state)];
}

function identityOf({ instanceId, address, report }: SeenAgent): AgentIdentity {
  return { instanceId, node: report.node, address };
}

function reportAddress(at: Instant, report: AgentReport, failure: FailedAddress | null, { environmentId, failedAddresses }: ActiveEnvironment): EnvironmentEvent[] {
  const known = failedAddresses.get(agentKey(report));
  const agent = { at, environmentId, node: report.node, swarmNode: report.swarm?.nodeId ?? null };
  if (failure === null) return known === undefined ? [] : [{ type: 'NewAddressUsed', data: { ...agent, address: known.address } }];
  const isKnown = known?.address === failure.address && known.port === failure.port && known.reason === failure.reason;
  return isKnown ? [] : [{ type: 'NewAddressFailed', data: { ...agent, ...failure } }];
}

function resolve(at: Instant, { environmentId }: ActiveEnvironment, gone: readonly AgentIdentity[], reason: 'kept-agent-gone' | 'refused-agent-gone'): EnvironmentEvent[] {
  return gone.map((refused) => ({ type: 'DuplicateAgentResolved', data: { at, environmentId, refused, reason } }));
}

function decide(command: EnvironmentCommand, state: EnvironmentState): readonly EnvironmentEvent[] {
  if (command.type === 'create') return create(command, state);
  const environment = active(state);
  const { environmentId } = environment;
  const { at } = command;
  switch (command.type) {
    case 'change':
      return change(command, environment);
    case 'rotate-token':
      return [{ type: 'JoinTokenRotated', data: { at, environmentId, joinTokenVersion: environment.joinTokenVersion + 1 } }];
    case 'disassociate': {
      const { edgeId } = environment;
      return edgeId === null ? [] : [{ type: 'AgentDisassociated', data: { at, environmentId, edgeId, issuedEdgeId: command.issuedEdgeId } }];
    }
    case 'unbar-edge-id':
      if (!environment.barredEdgeIds.includes(command.edgeId)) throw new Refusal('edge-id-not-barred', 'this Edge ID is not barred');
      return [{ type: 'EdgeIdUnbarred', data: { at, environmentId, edgeId: command.edgeId } }];
    case 'detect-duplicate':
      return detect(command, environment);
    case 'resolve-duplicate':
      return resolve(at, environment, environment.duplicates.filter(({ instanceId }) => instanceId === command.instanceId), 'refused-agent-gone');
    case 'introduce-agent':
      return introduce(command, environment);
    case 'report-address':
      return reportAddress(at, command.report, command.failure, environment);
    case 'lose-heartbeat':
      if (environment.heartbeat !== 'up') return [];
      return [
        { type: 'HeartbeatLost', data: { at, environmentId, lastPolledAt: command.lastPolledAt } },
        // Refused agents are no heartbeat: it was the kept one's.
        ...resolve(at, environment, environment.duplicates, 'kept-agent-gone'),
      ];
    case 'restore-heartbeat':
      return environment.heartbeat === 'down' ? [{ type: 'HeartbeatRestored', data: { at, environmentId, lostAt: environment.lostAt } }] : [];
    case 'remove':
      return [{ type: 'EnvironmentRemoved', data: { at, environmentId } }];
  }
}

function evolve(state: EnvironmentState, event: EnvironmentEvent): EnvironmentState {
  if (event.type === 'EnvironmentCreated') {
    const { at: _at, ...created } = event.data;
    return { status: 'active', ...created, addressVersion: 0, failedAddresses: new Map(), edgeId: null, barredEdgeIds: [], duplicates: [], heartbeat: 'never', lostAt: null, agents: new Map() };
  }
  if (state.status !== 'active') return state;
  switch (event.type) {
    case 'EnvironmentRenamed':
      return { ...state, name: event.data.name };
    case 'EnvironmentTagged':
      return { ...state, tags: event.data.tags };
    case 'EnvironmentAddressChanged':
      return {
        ...state,
        address: event.data.address,
        tunnelAddress: event.data.tunnelAddress,
        addressVersion: nextVersion(state.addressVersion, event.data.at),
      };
    case 'PollIntervalChanged':
      return { ...state, pollIntervalSeconds: event.data.pollIntervalSeconds };
    case 'AgentAssociated':
      return { ...state, edgeId: event.data.edgeId };
    case 'JoinTokenRotated':
      return { ...state, joinTokenVersion: event.data.joinTokenVersion };
    case 'AgentDisassociated': {
      const { edgeId, issuedEdgeId } = event.data;
      return { ...state, edgeId: null, issuedEdgeId, barredEdgeIds: [...state.barredEdgeIds, edgeId], failedAddresses: new Map(), duplicates: [], heartbeat: 'never', lostAt: null, agents: new Map() };
    }
    case 'EdgeIdUnbarred':
      return { ...state, barredEdgeIds: state.barredEdgeIds.filter((edgeId) => edgeId !== event.data.edgeId) };
    case 'DuplicateAgentDetected':
      return { ...state, duplicates: [...state.duplicates, event.data.refused].slice(-duplicatesKept) };
    case 'DuplicateAgentResolved':
      return { ...state, duplicates: state.duplicates.filter(({ instanceId }) => instanceId !== event.data.refused.instanceId) };
    case 'AgentSeen': {
      const { instanceId, address, report } = event.data;
      const heartbeat = state.heartbeat === 'never' ? 'up' : state.heartbeat;
      return { ...state, heartbeat, agents: new Map(state.agents).set(agentKey(report), { instanceId, address, report }) };
    }
    case 'HeartbeatLost':
      return { ...state, heartbeat: 'down', lostAt: event.data.at };
    case 'HeartbeatRestored':
      return { ...state, heartbeat: 'up', lostAt: null };
    case 'NewAddressFailed': {
      const { address, port, reason, swarmNode } = event.data;
      return { ...state, failedAddresses: new Map(state.failedAddresses).set(swarmNode ?? '', { address, port, reason }) };
    }
    case 'NewAddressUsed': {
      const failedAddresses = new Map(state.failedAddresses);
      failedAddresses.delete(event.data.swarmNode ?? '');
      return { ...state, failedAddresses };
    }
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
