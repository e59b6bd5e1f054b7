/** Asking agents for a tunnel: whose turn it is, the credentials it gets, and when they expire. */
import { randomBytes, randomUUID } from 'node:crypto';
import { agentKey } from '../domain/environment.ts';
import type { TunnelEvent } from '../domain/events.ts';
import { type TunnelKey, tunnelStream } from '../domain/tunnel-key.ts';
import type { TunnelState } from '../domain/tunnel.ts';
import { createAgentChoice } from './agent-choice.ts';
import { createAgentRests } from './agent-rests.ts';
import type { Clock } from './clock.ts';
import { hashOfSecret } from './credentials-hash.ts';
import type { EnvironmentStreams } from './environment-streams.ts';
import type { CommandContext } from './ports/command-context.ts';
import type { IssuedCredentials } from './ports/poll-admission.ts';
import type { PresentAgent, Presence } from './presence.ts';
import type { TunnelRecord } from './tunnel-record.ts';

/** How long tunnel credentials are good for. */
const credentialsValidForMs = 10_000;

/** Asks agents for the tunnels that are required, one agent at a time. */
export interface TunnelAsking {
  /** What an agent is to open now: issues credentials where a tunnel of its environment needs it. */
  credentialsFor(agent: PresentAgent, context: CommandContext): Promise<readonly IssuedCredentials[]>;
  /** Asks the agent whose turn it is, if one is connected; where all of them had trouble again and again, once one has rested. */
  askNext(key: TunnelKey): void;
  /** The agent's poll call ended: where it was just asked for a tunnel and others are there, the next one is asked at once. */
  left(agent: PresentAgent, context: CommandContext): void;
  /** What happened to the tunnel says who is asked next. */
  recorded(key: TunnelKey, event: TunnelEvent): void;
  /** Records that credentials under way expired, when they have. */
  expireInTime(key: TunnelKey, grant: { readonly credentialsId: string; readonly expiresAt: string }): void;
  /** The same where that could not be recorded, since the store was away. */
  expireOverdue(key: TunnelKey, state: TunnelState): void;
}

/** Creates the asking. `tell` makes the polls' edge ask {@link TunnelAsking.credentialsFor} for a connected agent at once. */
export function createTunnelAsking(deps: {
  readonly record: TunnelRecord;
  readonly environments: Pick<EnvironmentStreams, 'load' | 'peek'>;
  readonly presence: Presence;
  readonly clock: Clock;
  readonly tell: (agent: PresentAgent, context: CommandContext) => void;
}): TunnelAsking {
  const { record, environments, presence, clock, tell } = deps;
  const choice = createAgentChoice({ presence, isSuperseded });
  const rests = createAgentRests();
  /** Tunnels that are asked for again when the first of their agents has rested. */
  const resting = new Set<string>();

  /** Whether another instance has taken the agent's place since: its call may be one that only looks open. */
  function isSuperseded({ environmentId, instanceId, report }: PresentAgent): boolean {
    const state = environments.peek(environmentId);
    const current = state?.status === 'active' ? state.agents.get(agentKey(report)) : undefined;
    return current !== undefined && current.instanceId !== instanceId;
  }

  function isRested(key: TunnelKey, agent: PresentAgent): boolean {
    return rests.untilMs(key, agent) <= clock.now();
  }

  /** Of several agents whoever polls does not just take the tunnel: connected ones are asked in order. */
  function isItsTurn(key: TunnelKey, agent: PresentAgent): boolean {
    const first = choice.order(key).find((one) => isRested(key, one));
    return isRested(key, agent) && (first === undefined || first.instanceId === agent.instanceId);
  }

  function askNext(key: TunnelKey): void {
    const agents = choice.order(key);
    const next = agents.find((agent) => isRested(key, agent));
    if (next !== undefined) tell(next, record.following(key));
    else if (agents.length > 0) askLater(key, Math.min(...agents.map((agent) => rests.untilMs(key, agent))));
  }

  function askLater(key: TunnelKey, atMs: number): void {
    const stream = tunnelStream(key);
    if (resting.has(stream)) return;
    resting.add(stream);
    clock.after(atMs - clock.now(), () => {
      resting.delete(stream);
      if (record.peek(key)?.status === 'required') askNext(key);
    });
  }

  function hasExpired({ grant }: Extract<TunnelState, { status: 'opening' }>): boolean {
    return clock.now() > Date.parse(grant.expiresAt);
  }

  function expireLater(key: TunnelKey, credentialsId: string, afterMs: number): void {
    clock.after(afterMs + 1, () => {
      record.quietly(record.run(key, { type: 'expire-credentials', credentialsId }, record.following(key)), 'expired credentials could not be recorded');
    });
  }

  async function issue(key: TunnelKey, agent: PresentAgent, tunnelAddress: string): Promise<IssuedCredentials | undefined> {
    const secret = randomBytes(32);
    const credentialsId = randomUUID();
    const command = {
      type: 'issue-credentials',
      credentialsId,
      secretHash: hashOfSecret(secret),
      agentInstanceId: agent.instanceId,
      agentNode: agent.report.node,
      expiresAt: new Date(clock.now() + credentialsValidForMs).toISOString(),
    } as const;
    const { events } = await record.run(key, command, record.following(key));
    if (!events.some(({ type }) => type === 'TunnelCredentialsIssued')) return undefined;
    expireLater(key, credentialsId, credentialsValidForMs);
    return { credentialsId, secret, tunnelAddress, validForMs: credentialsValidForMs };
  }

  /** Whoever was asked and has gone since: it may be back in a moment, but where others are there, nobody waits for it. */
  function left({ environmentId, instanceId }: PresentAgent, context: CommandContext): void {
    for (const key of record.of(environmentId)) {
      const state = record.peek(key);
      if (state?.status !== 'opening' || state.grant.agentInstanceId !== instanceId) continue;
      const others = choice.order(key);
      if (others.length === 0 || others.some((other) => other.instanceId === instanceId)) continue;
      const { credentialsId } = state.grant;
      const failure = { reason: 'agent-left', detail: 'the agent’s polls ended before it opened the tunnel' };
      record.quietly(record.run(key, { type: 'fail-to-open', credentialsId, ...failure }, record.following(key, context.actor)), 'that an agent left could not be recorded');
    }
  }

  return {
    askNext,
    left,

    async credentialsFor(agent, context) {
      if (!record.hasAny(agent.environmentId)) return [];
      const environment = await environments.load(agent.environmentId);
      if (environment.status !== 'active') return [];
      const issued: IssuedCredentials[] = [];
      for (const key of record.of(agent.environmentId)) {
        const state = await record.load(key);
        const isFor = key.node === null || key.node === agent.report.swarm?.nodeId;
        const isFree = state.status === 'required' || (state.status === 'opening' && hasExpired(state));
        if (!isFree || !isFor || !isItsTurn(key, agent)) continue;
        if (record.cause(key) === undefined) record.caused(key, context);
        const credentials = await issue(key, agent, environment.tunnelAddress);
        if (credentials !== undefined) issued.push(credentials);
      }
      // It went while its credentials were recorded.
      if (issued.length > 0) left(agent, context);
      return issued;
    },

    recorded(key, event) {
      choice.recorded(key, event);
      rests.recorded(key, event);
    },

    expireInTime(key, { credentialsId, expiresAt }) {
      expireLater(key, credentialsId, Math.max(0, Date.parse(expiresAt) - clock.now()));
    },

    expireOverdue(key, state) {
      if (state.status === 'opening' && hasExpired(state)) expireLater(key, state.grant.credentialsId, 0);
    },
  };
}
