/** Agents that introduce themselves: associated, and recorded where what they say is news, at a pace that the record can bear. */
import { type ActiveEnvironment, agentKey } from '../domain/environment.ts';
import type { AgentReport } from '../domain/events.ts';
import { Refusal } from '../domain/refusal.ts';
import { agentPaceKey, type AgentPaces } from './agent-pace.ts';
import { type Clock, instantOf } from './clock.ts';
import type { DuplicateAgents } from './duplicate-agents.ts';
import type { EnvironmentStreams } from './environment-streams.ts';
import { type PollRejections, rejectionOf } from './poll-rejections.ts';
import type { CommandContext } from './ports/command-context.ts';
import { AgentRefused, type PollIntroduction } from './ports/poll-admission.ts';
import type { ApplicationTallies } from './tallies.ts';

/** Nodes one environment may have had. */
const nodesPerEnvironment = 4096;

export interface AgentIntroductions {
  /**
   * Introduces an agent that calls; resolves to false where what it says of itself comes too soon to be recorded now. One that was
   * started anew is refused then: whoever has an agent's place is on record. Throws {@link AgentRefused}.
   */
  atItsPace(introduction: PollIntroduction, context: CommandContext): Promise<boolean>;
  /** Associates, and records what the agent reports where that is news. Throws {@link AgentRefused}. */
  record(introduction: PollIntroduction, context: CommandContext): Promise<void>;
}

/** Creates it. */
export function createAgentIntroductions(deps: {
  readonly environments: EnvironmentStreams;
  readonly paces: AgentPaces;
  readonly rejections: Pick<PollRejections, 'refuse' | 'excess'>;
  readonly duplicates: Pick<DuplicateAgents, 'refused'>;
  readonly tallies: ApplicationTallies;
  readonly clock: Clock;
}): AgentIntroductions {
  const { environments, paces, rejections, duplicates, tallies, clock } = deps;
  /** Places of agents, new ones among them, that are being recorded. */
  const newPlaces = new Set<string>();

  async function atItsPace(introduction: PollIntroduction, context: CommandContext): Promise<boolean> {
    const { environmentId, edgeId, instanceId, report } = introduction;
    const state = environments.peek(environmentId);
    const isOurs = state?.status === 'active' && (state.edgeId === edgeId || state.edgeId === null) && !isKnown(state, introduction) && !state.duplicates.some((one) => one.instanceId === instanceId);
    const seen = isOurs ? state.agents.get(agentKey(report)) : undefined;
    const place = `${environmentId} ${agentKey(report)}`;
    if (!isOurs || seen?.instanceId !== instanceId) {
      // A new node is not counted, the first time: an environment has so many of them and no more.
      const isCounted = isOurs && (seen !== undefined || newPlaces.has(place));
      if (isCounted && !paces.mayStart(environmentId, state.agents.size)) throw rejections.excess(introduction, 'polling-too-fast', 'agents of this environment are started anew far too often');
      newPlaces.add(place);
      await record(introduction, context).finally(() => newPlaces.delete(place));
      return true;
    }
    const recorded = paces.claim(environmentId, agentPaceKey(introduction), 'report', state.agents.size);
    if (recorded === undefined) return false;
    await record(introduction, context).finally(recorded);
    return true;
  }

  async function record(introduction: PollIntroduction, context: CommandContext): Promise<void> {
    const { environmentId, edgeId, instanceId, address, report } = introduction;
    // Most introductions after the first say nothing new: then there is no stream to queue for.
    const known = environments.peek(environmentId);
    if (known?.status === 'active' && isKnown(known, introduction)) return;
    try {
      await environments.execute(environmentId, { type: 'introduce-agent', at: instantOf(clock), edgeId, instanceId, address, report }, context);
    } catch (error) {
      if (!(error instanceof Refusal)) {
        tallies.pollsRejected['event-store-unavailable'] += 1;
        throw new AgentRefused('event-store-unavailable', 'the control plane cannot record this now; it will be tried again');
      }
      const reason = rejectionOf(error.code);
      if (reason === 'duplicate-agent') duplicates.refused(environmentId, instanceId);
      throw rejections.refuse(introduction, await environments.load(environmentId), reason, error.message);
    }
  }

  return { atItsPace, record };
}

/** Each node is kept for ever, and says its id itself. */
export function isOneTooMany({ agents }: ActiveEnvironment, report: AgentReport): boolean {
  return !agents.has(agentKey(report)) && agents.size >= nodesPerEnvironment;
}

function isKnown(state: ActiveEnvironment, { edgeId, instanceId, address, report }: PollIntroduction): boolean {
  const seen = state.agents.get(agentKey(report));
  return state.edgeId === edgeId && seen?.instanceId === instanceId && seen.address === address && JSON.stringify(seen.report) === JSON.stringify(report);
}
