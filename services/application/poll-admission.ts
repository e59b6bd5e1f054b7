/** Use cases of polls: admits agents, answers each poll, and pushes early answers. */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import { agentKey, environmentDecider } from '../domain/environment.ts';
import type { AgentReport } from '../domain/events.ts';
import { Refusal } from '../domain/refusal.ts';
import { createAgentIntroductions, isOneTooMany } from './agent-introductions.ts';
import { agentPaceKey, createAgentPaces } from './agent-pace.ts';
import { type Clock, instantOf } from './clock.ts';
import { createConnectedAgents, type ConnectedAgent } from './connected-agents.ts';
import { createDuplicateAgents } from './duplicate-agents.ts';
import { createEndpointsAnnouncements } from './endpoints-news.ts';
import type { EnvironmentStreams } from './environment-streams.ts';
import type { PollRecorder } from './poll-recorder.ts';
import { createPollRejections, rejectionOf, wordsOf } from './poll-rejections.ts';
import type { CommandContext } from './ports/command-context.ts';
import { AgentRefused, type IssuedCredentials, type PollAdmission, type PollAnswer, type PollConversation, type PollIntroduction } from './ports/poll-admission.ts';
import type { SettingsAccess } from './ports/settings.ts';
import type { PresentAgent, Presence } from './presence.ts';
import type { Refusals } from './refusals.ts';
import type { Snapshots } from './snapshots.ts';
import type { ApplicationTallies } from './tallies.ts';
import type { RecordedTunnelCertificate } from './tunnel-certificate.ts';
import type { Tunnels } from './tunnels.ts';

/** Poll calls one environment may hold open. */
const callsPerEnvironment = 4096;

export interface Polls extends PollAdmission {
  /** Makes a connected agent open what is required of it, by an early answer. */
  tell(agent: PresentAgent, context: CommandContext): void;
  /** Ends every poll call of an environment, whose agents are refused from now on. */
  end(environmentId: string, why: 'environment-removed' | 'token-rotated' | 'edge-id-barred'): void;
  /** Checks an agent that polls already as {@link PollAdmission.admit} does, and records nothing but a refusal. Throws {@link AgentRefused}. */
  verify(introduction: PollIntroduction): Promise<CommandContext>;
  /** Answers connected agents early, those of one environment or all: what their answers say has changed. Says how many there are. */
  remind(environmentId?: string): number;
  /**
   * Addresses or tunnel fingerprints changed: connected agents are told, those of one environment at once, all of them at the
   * pace of reconnects.
   */
  announceEndpoints(environmentId?: string): void;
  close(): void;
}

/** Creates the use cases. */
export function createPolls(deps: {
  readonly environments: EnvironmentStreams;
  readonly tunnels: () => Tunnels;
  readonly snapshots: () => Pick<Snapshots, 'wants'>;
  readonly presence: Presence;
  readonly recorder: PollRecorder;
  readonly refusals: Refusals;
  readonly settings: SettingsAccess;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tunnelCertificate: Pick<RecordedTunnelCertificate, 'version' | 'fingerprints'>;
  /** Who acts when nobody else does. */
  readonly actor: string;
  /** The join secret of an environment at a version of its join token. */
  readonly joinSecret: (environmentId: string, version: number) => Uint8Array;
  readonly tallies: ApplicationTallies;
}): Polls {
  const { environments, tunnels, snapshots, presence, recorder, refusals, settings, clock, logger, tunnelCertificate, actor, joinSecret, tallies } = deps;
  const rejections = createPollRejections({ refusals, tallies, clock, joinSecret });
  const { check, refuse, excess } = rejections;
  const paces = createAgentPaces(clock);
  const connected = createConnectedAgents(presence);
  const endpoints = createEndpointsAnnouncements({ connected, environments, tunnelCertificate, paces, answer: (agent) => answer(agent, []), clock, logger });
  const duplicates = createDuplicateAgents({
    environments,
    presence,
    clock,
    logger,
    actor,
    intervalMs,
    confirmed: (agent) => recorder.confirmed(agent),
    holderOf: (environmentId) => tunnels().holderOf(environmentId),
    turnAway(environmentId, instanceId) {
      const refusal = new AgentRefused('duplicate-agent', 'another agent polls with the same Edge ID and join token; is this machine a copy of another?');
      // A classic poller that was kept is not heard of before its next interval.
      endCalls(connected.of(environmentId).filter(({ agent }) => agent.instanceId === instanceId), refusal, 2 * intervalMs(environmentId));
    },
  });

  const introductions = createAgentIntroductions({ environments, paces, rejections, duplicates, tallies, clock });

  function intervalMs(environmentId: string): number {
    const state = environments.peek(environmentId);
    const own = state?.status === 'active' ? state.pollIntervalSeconds : null;
    return (own ?? settings.current().pollIntervalSeconds) * 1000;
  }

  function answer(agent: PresentAgent, required: readonly IssuedCredentials[]): PollAnswer {
    const spreadMs = presence.spreadMs();
    const entry = connected.get(agent);
    if (entry !== undefined) entry.toldSpreadMs = spreadMs;
    return {
      confirmedSequence: recorder.confirmed(agent),
      pollIntervalMs: intervalMs(agent.environmentId),
      reconnectSpreadMs: spreadMs,
      required,
      takeSnapshot: snapshots().wants(agent),
      maskSecrets: settings.current().maskSecretsInSnapshots,
      endpoints: endpoints.newsFor(agent),
    };
  }

  /** `again` is for {@link Presence.left}. */
  function endCalls(ofThese: readonly ConnectedAgent[], refusal: AgentRefused, again: number): void {
    for (const { agent, context, end, leave } of ofThese) {
      if (connected.remove(agent)) leave();
      presence.left(agent, again);
      end(refusal);
      tunnels().left(agent, context);
    }
  }

  return {
    async admit(introduction, { push, end }) {
      const { environmentId, instanceId, address } = introduction;
      const context: CommandContext = { actor: `agent:${environmentId}/${introduction.report.node}`, correlationId: randomUUID() };
      check(introduction, await environments.load(environmentId));
      if (presence.present(environmentId, null).length >= callsPerEnvironment) {
        throw excess(introduction, 'too-many-connections', 'this environment has too many poll calls open');
      }
      const before = environments.peek(environmentId);
      if (before?.status === 'active' && isOneTooMany(before, introduction.report)) {
        throw excess(introduction, 'too-many-connections', 'this environment has as many nodes as it may');
      }
      const previous = before?.status === 'active' ? before.agents.get(agentKey(introduction.report)) : undefined;
      let isRecorded = await introductions.atItsPace(introduction, context);
      // What was good may have been rotated or disassociated meanwhile, and the calls that were open then have ended already.
      const after = environments.peek(environmentId);
      if (after !== undefined && after !== before) check(introduction, after);
      if (after?.status === 'active' && after.edgeId !== introduction.edgeId) throw refuse(introduction, after, 'edge-id-barred', wordsOf['edge-id-barred']);
      const key = agentPaceKey(introduction);
      const pace = paces.enter(environmentId, key);
      if (!pace.take()) {
        pace.leave();
        throw excess(introduction, 'polling-too-fast', 'this agent calls far more often than it was told to');
      }
      duplicates.introduced(environmentId, { instanceId, address, report: introduction.report }, previous);
      if (previous !== undefined && previous.instanceId !== instanceId) recorder.retire({ environmentId, instanceId: previous.instanceId });

      let report: AgentReport = introduction.report;
      /** What it said last; recorded at its pace. */
      let reported = report;
      /** The call's first poll was counted as the call came. */
      let isCounted = true;
      const agent: PresentAgent = {
        environmentId,
        instanceId,
        connectedAtMs: clock.now(),
        get report() {
          return report;
        },
      };
      const entry: ConnectedAgent = { agent, context, push, end, inUse: introduction.endpoints, toldVersion: undefined, toldSpreadMs: 0, isAddressNews: true, leave: pace.leave };
      connected.add(entry);
      endpoints.reportAddress(entry);
      presence.arrived(agent, intervalMs(environmentId));

      /** A call may name another node, too; its pace stays that of the one it began with. */
      function claimReport(news: AgentReport): (() => void) | undefined {
        const state = environments.peek(environmentId);
        if (state?.status !== 'active') return undefined;
        if (isOneTooMany(state, news)) throw excess(introduction, 'too-many-connections', 'this environment has as many nodes as it may');
        return paces.claim(environmentId, key, 'report', state.agents.size);
      }

      const conversation: PollConversation = {
        poll(poll) {
          if (!isCounted && !pace.take()) throw excess(introduction, 'polling-too-fast', 'this agent polls far more often than it was told to');
          isCounted = false;
          tallies.polls += 1;
          const { sequence, confirmedSequence, heldCredentialsIds: held, tunnelFailure: failure } = poll;
          recorder.record({ environmentId, node: report.node, instanceId, sequence, context });
          presence.polled(environmentId, intervalMs(environmentId));
          if (poll.report !== null) reported = poll.report;
          if (poll.endpoints !== undefined && !isDeepStrictEqual(poll.endpoints, entry.inUse)) {
            entry.inUse = poll.endpoints;
            entry.isAddressNews = true;
          }
          if (entry.isAddressNews) endpoints.reportAddress(entry);
          if (reported !== report && JSON.stringify(reported) === JSON.stringify(report)) reported = report;
          const recorded = isRecorded && reported === report ? undefined : claimReport(reported);
          const news = recorded === undefined ? null : reported;
          if (news !== null) {
            report = news;
            isRecorded = true;
          }
          const decided = duplicates.polled(agent, confirmedSequence);
          if (decided === undefined && news === null && !tunnels().isNeeded(environmentId)) return answer(agent, []);
          return (async () => {
            try {
              await decided;
              if (connected.get(agent) === undefined) return answer(agent, []);
              if (news !== null) await introductions.record({ ...introduction, report: news }, context);
            } finally {
              recorded?.();
            }
            await tunnels().reconcile(agent, { held, failure }, context);
            // Whoever was refused meanwhile is given nothing.
            return answer(agent, connected.get(agent) !== undefined ? await tunnels().credentialsFor(agent, context) : []);
          })();
        },
        close({ isClassic }) {
          if (!connected.remove(agent)) return;
          pace.leave();
          presence.left(agent, isClassic ? 2 * intervalMs(environmentId) : entry.toldSpreadMs);
          if (!isClassic) tunnels().left(agent, context);
        },
      };
      return conversation;
    },

    async check(introduction) {
      const { environmentId, edgeId, instanceId, address, report } = introduction;
      const state = await environments.load(environmentId);
      check(introduction, state);
      try {
        environmentDecider.decide({ type: 'introduce-agent', at: instantOf(clock), edgeId, instanceId, address, report }, state);
      } catch (error) {
        if (error instanceof Refusal) throw refuse(introduction, state, rejectionOf(error.code), error.message);
        throw error;
      }
    },

    refuseMalformed(reason, address, message) {
      rejections.record(reason, address, null, null);
      return new AgentRefused(reason, message);
    },

    tell(agent, context) {
      const entry = connected.get(agent);
      if (entry === undefined) return;
      tunnels()
        .credentialsFor(agent, context)
        .then((credentials) => {
          if (credentials.length > 0) entry.push(answer(agent, credentials));
        })
        .catch(() => undefined); // the next poll asks again
    },

    end(environmentId, why) {
      const state = environments.peek(environmentId);
      const agents = state?.status === 'active' ? state.agents.values() : [];
      for (const { instanceId } of agents) recorder.retire({ environmentId, instanceId });
      endCalls(connected.of(environmentId), new AgentRefused(why, wordsOf[why]), 0);
      duplicates.forget(environmentId);
      // Who only has to get the new token is expected back; all others are none of its agents any more.
      if (why !== 'token-rotated') presence.forget(environmentId);
    },

    async verify(introduction) {
      const { environmentId, edgeId, instanceId, report } = introduction;
      const state = await environments.load(environmentId);
      check(introduction, state);
      const seen = state.status === 'active' && state.edgeId === edgeId ? state.agents.get(agentKey(report)) : undefined;
      if (seen === undefined) throw refuse(introduction, state, 'edge-id-mismatch', 'no agent with this Edge ID polls on this node');
      if (seen.instanceId !== instanceId) throw new AgentRefused('duplicate-agent', 'another agent polls on this node', 60_000);
      return { actor: `agent:${environmentId}/${report.node}`, correlationId: randomUUID() };
    },

    remind(environmentId) {
      const entries = environmentId === undefined ? connected.all() : connected.of(environmentId);
      for (const { agent, push } of entries) push(answer(agent, []));
      return entries.length;
    },

    announceEndpoints: (environmentId) => endpoints.announce(environmentId),

    close() {
      endpoints.close();
      duplicates.close();
      rejections.close();
      paces.close();
    },
  };
}
