/** Use cases of polls: admits agents, answers each poll, and pushes early answers. */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import { endpointsSignedAtMs, highestEndpointsVersion } from '../../proto/endpoints.ts';
import { type ActiveEnvironment, type EnvironmentState, agentKey, environmentDecider } from '../domain/environment.ts';
import type { AgentReport, PollRejectionReason } from '../domain/events.ts';
import { Refusal, type RefusalCode } from '../domain/refusal.ts';
import { createAgentPaces } from './agent-pace.ts';
import { createAttempts } from './attempts.ts';
import { type Clock, instantOf } from './clock.ts';
import { createDuplicateAgents } from './duplicate-agents.ts';
import type { EnvironmentStreams } from './environment-streams.ts';
import { judgeJoinSecret } from './join-secret.ts';
import { peerGroup } from './peer-address.ts';
import type { PollRecorder } from './poll-recorder.ts';
import {
  AgentRefused,
  type CommandContext,
  type EndpointsInUse,
  type EndpointsNews,
  type IssuedCredentials,
  type PollAdmission,
  type PollAnswer,
  type PollConversation,
  type PollIntroduction,
  type SettingsAccess,
} from './ports.ts';
import type { PresentAgent, Presence } from './presence.ts';
import { reconnectsPerSecond } from './reconnect-spread.ts';
import type { Refusals } from './refusals.ts';
import type { Snapshots } from './snapshots.ts';
import type { ApplicationTallies } from './tallies.ts';
import type { RecordedTunnelCertificate } from './tunnel-certificate.ts';
import type { Tunnels } from './tunnels.ts';

/** Poll calls one environment may hold open. */
const callsPerEnvironment = 4096;
/** Nodes one environment may have had. */
const nodesPerEnvironment = 4096;
/** How often some more agents are told of new endpoints. */
const announceStepMs = 100;

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

interface Connected {
  /** What it said last; undefined from one that knows nothing of endpoints. */
  inUse: EndpointsInUse | undefined;
  /** The time for its return that it was told last: not what would be told now, where a whole fleet is leaving. */
  toldSpreadMs: number;
  /** The version it was told on this call. */
  toldVersion: number | undefined;
  /** Whether what it says of its address is still to be looked at. */
  isAddressNews: boolean;
  readonly agent: PresentAgent;
  readonly context: CommandContext;
  readonly push: (answer: PollAnswer) => void;
  readonly end: (refusal: AgentRefused) => void;
  /** It counts no more among the calls of its agent. */
  readonly leave: () => void;
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
  const attempts = createAttempts({ clock, limit: 20, windowMs: 60_000 });
  const paces = createAgentPaces(clock);
  /** Places of agents, new ones among them, that are being recorded. */
  const newPlaces = new Set<string>();
  const connected = new Map<PresentAgent, Connected>();
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
      endCalls(connectedOf(environmentId).filter(({ agent }) => agent.instanceId === instanceId), refusal, 2 * intervalMs(environmentId));
    },
  });

  function intervalMs(environmentId: string): number {
    const state = environments.peek(environmentId);
    const own = state?.status === 'active' ? state.pollIntervalSeconds : null;
    return (own ?? settings.current().pollIntervalSeconds) * 1000;
  }

  /** What this agent is to be told of endpoints now: what it does not go by yet, once a call. */
  function endpointsNews(agent: PresentAgent): EndpointsNews | undefined {
    const entry = connected.get(agent);
    const state = environments.peek(agent.environmentId);
    if (entry?.inUse === undefined || state?.status !== 'active') return undefined;
    const { environmentId, address, tunnelAddress } = state;
    // Each of the two only grows, so their sum grows whenever one of them does.
    const version = state.addressVersion + tunnelCertificate.version();
    // One that no time gives was made up by whoever had a key of ours: it is not to be the last.
    const isMadeUp = entry.inUse.version > highestEndpointsVersion(endpointsSignedAtMs(version, clock.now()));
    const isNewer = version > entry.inUse.version || (isMadeUp && version > 0);
    if (!isNewer || version === entry.toldVersion) return undefined;
    entry.toldVersion = version;
    return { environmentId, version, address, tunnelAddress, fingerprints: tunnelCertificate.fingerprints(), accepted: entry.inUse.fingerprints };
  }

  /** Records what an agent says of the address it was told, where that is news; what comes too soon stays to be looked at. */
  function reportAddress(entry: Connected): void {
    const { agent, inUse, context } = entry;
    entry.isAddressNews = false;
    const state = environments.peek(agent.environmentId);
    if (inUse === undefined || state?.status !== 'active') return;
    const command = { type: 'report-address', at: instantOf(clock), report: agent.report, failure: inUse.failure } as const;
    if (environmentDecider.decide(command, state).length === 0) return;
    const recorded = paces.claim(agent.environmentId, paceKey(agent), 'address', state.agents.size);
    if (recorded === undefined) {
      entry.isAddressNews = true;
      return;
    }
    environments
      .execute(agent.environmentId, command, context)
      .catch((error: unknown) => {
        logger.warn({ err: error }, 'what an agent says of its address could not be recorded; its next introduction says it again');
      })
      .finally(recorded);
  }

  /** In steps, so that a large fleet's answers, signatures and new introductions don't come at once. */
  let announcing: (() => void) | undefined;
  function announceInSteps(waiting: readonly Connected[]): void {
    announcing?.();
    announcing = undefined;
    const perStep = Math.ceil((reconnectsPerSecond * announceStepMs) / 1000);
    for (const entry of waiting.slice(0, perStep)) announceTo(entry);
    if (waiting.length > perStep) announcing = clock.after(announceStepMs, () => announceInSteps(waiting.slice(perStep)));
  }

  function announceTo({ agent, push }: Connected): void {
    if (!connected.has(agent)) return;
    const news = answer(agent, []);
    if (news.endpoints !== undefined) push(news);
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
      endpoints: endpointsNews(agent),
    };
  }

  function record(reason: PollRejectionReason, address: string, environmentId: string | null, node: string | null): void {
    tallies.pollsRejected[reason] += 1;
    const data = { at: instantOf(clock), environmentId, reason, address, node };
    refusals.record({ type: 'PollRejected', data }, peerGroup(address), { actor: 'agent:refused', correlationId: randomUUID() });
  }

  function refuse(introduction: PollIntroduction, state: EnvironmentState, reason: PollRejectionReason, message: string): AgentRefused {
    const { address, environmentId, report } = introduction;
    const isBarred = attempts.fail(`${peerGroup(address)} ${environmentId}`);
    const told = isBarred ? 'too-many-attempts' : reason;
    record(told, address, state.status === 'absent' ? null : environmentId, report.node);
    return isBarred
      ? new AgentRefused(told, 'too many failed attempts from this address; wait a minute', attempts.retryAfterSeconds() * 1000)
      : new AgentRefused(told, message);
  }

  /** A good agent, but too much of it. */
  function excess({ address, environmentId, report }: PollIntroduction, reason: 'too-many-connections' | 'polling-too-fast', message: string): AgentRefused {
    record(reason, address, environmentId, report.node);
    return new AgentRefused(reason, message, 60_000);
  }

  /** Those of one environment, without a look at all others. */
  function connectedOf(environmentId: string): Connected[] {
    return presence.present(environmentId, null).flatMap((agent) => connected.get(agent) ?? []);
  }

  /** `again` is for {@link Presence.left}. */
  function endCalls(ofThese: readonly Connected[], refusal: AgentRefused, again: number): void {
    for (const { agent, context, end, leave } of ofThese) {
      if (connected.delete(agent)) leave();
      presence.left(agent, again);
      end(refusal);
      tunnels().left(agent, context);
    }
  }

  /** Judges what an introduction brings by what the environment is now. */
  function check(introduction: PollIntroduction, state: EnvironmentState): void {
    const { environmentId } = introduction;
    if (state.status === 'absent') throw refuse(introduction, state, 'unknown-environment', 'there is no such environment; was its join token copied whole?');
    if (state.status === 'removed') throw refuse(introduction, state, 'environment-removed', 'this environment was removed; create another and use its join token');
    const judged = judgeJoinSecret(introduction.joinSecret, state.joinTokenVersion, (version) => joinSecret(environmentId, version));
    if (judged === 'token-rotated') throw refuse(introduction, state, judged, wordsOf[judged]);
    if (judged === 'wrong-join-secret') throw refuse(introduction, state, judged, 'the join token is not this environment\'s; copy it again from the environment');
  }

  /**
   * Introduces an agent that calls; resolves to false where what it says of itself comes too soon to be recorded now. One that was
   * started anew is refused then: whoever has an agent's place is on record.
   */
  async function introduceAtItsPace(introduction: PollIntroduction, context: CommandContext): Promise<boolean> {
    const { environmentId, edgeId, instanceId, report } = introduction;
    const state = environments.peek(environmentId);
    const isOurs = state?.status === 'active' && (state.edgeId === edgeId || state.edgeId === null) && !isKnown(state, introduction) && !state.duplicates.some((one) => one.instanceId === instanceId);
    const seen = isOurs ? state.agents.get(agentKey(report)) : undefined;
    const place = `${environmentId} ${agentKey(report)}`;
    if (!isOurs || seen?.instanceId !== instanceId) {
      // A new node is not counted, the first time: an environment has so many of them and no more.
      const isCounted = isOurs && (seen !== undefined || newPlaces.has(place));
      if (isCounted && !paces.mayStart(environmentId, state.agents.size)) throw excess(introduction, 'polling-too-fast', 'agents of this environment are started anew far too often');
      newPlaces.add(place);
      await introduce(introduction, context).finally(() => newPlaces.delete(place));
      return true;
    }
    const recorded = paces.claim(environmentId, paceKey(introduction), 'report', state.agents.size);
    if (recorded === undefined) return false;
    await introduce(introduction, context).finally(recorded);
    return true;
  }

  /** Associates, and records what the agent reports where that is news. */
  async function introduce(introduction: PollIntroduction, context: CommandContext): Promise<void> {
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
      throw refuse(introduction, await environments.load(environmentId), reason, error.message);
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
      let isRecorded = await introduceAtItsPace(introduction, context);
      // What was good may have been rotated or disassociated meanwhile, and the calls that were open then have ended already.
      const after = environments.peek(environmentId);
      if (after !== undefined && after !== before) check(introduction, after);
      if (after?.status === 'active' && after.edgeId !== introduction.edgeId) throw refuse(introduction, after, 'edge-id-barred', wordsOf['edge-id-barred']);
      const key = paceKey(introduction);
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
      const entry: Connected = { agent, context, push, end, inUse: introduction.endpoints, toldVersion: undefined, toldSpreadMs: 0, isAddressNews: true, leave: pace.leave };
      connected.set(agent, entry);
      reportAddress(entry);
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
          if (entry.isAddressNews) reportAddress(entry);
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
              if (!connected.has(agent)) return answer(agent, []);
              if (news !== null) await introduce({ ...introduction, report: news }, context);
            } finally {
              recorded?.();
            }
            await tunnels().reconcile(agent, { held, failure }, context);
            // Whoever was refused meanwhile is given nothing.
            return answer(agent, connected.has(agent) ? await tunnels().credentialsFor(agent, context) : []);
          })();
        },
        close({ isClassic }) {
          if (!connected.delete(agent)) return;
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
      record(reason, address, null, null);
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
      endCalls(connectedOf(environmentId), new AgentRefused(why, wordsOf[why]), 0);
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
      const entries = environmentId === undefined ? [...connected.values()] : connectedOf(environmentId);
      for (const { agent, push } of entries) push(answer(agent, []));
      return entries.length;
    },

    announceEndpoints(environmentId) {
      if (environmentId === undefined) return announceInSteps([...connected.values()]);
      for (const entry of connectedOf(environmentId)) announceTo(entry);
    },

    close() {
      announcing?.();
      duplicates.close();
      attempts.close();
      paces.close();
    },
  };
}

const wordsOf = {
  'environment-removed': 'this environment was removed',
  'token-rotated': 'the join token was rotated; copy the new one from the environment',
  'edge-id-barred': 'this Edge ID was disassociated; use the one issued instead, or have an admin allow it again',
} as const;

/** Why the domain would not have an agent. */
function rejectionOf(code: RefusalCode): PollRejectionReason {
  switch (code) {
    case 'environment-removed':
    case 'edge-id-barred':
    case 'duplicate-agent':
      return code;
    default:
      return 'edge-id-mismatch';
  }
}

/** A Swarm's agents whose engines don't answer look alike: they share an agent's place, but not its pace. */
function paceKey({ instanceId, report }: Pick<PollIntroduction, 'instanceId' | 'report'>): string {
  return report.swarm === null ? `instance ${instanceId}` : agentKey(report);
}

/** Each node is kept for ever, and says its id itself. */
function isOneTooMany({ agents }: ActiveEnvironment, report: AgentReport): boolean {
  return !agents.has(agentKey(report)) && agents.size >= nodesPerEnvironment;
}

function isKnown(state: ActiveEnvironment, { edgeId, instanceId, address, report }: PollIntroduction): boolean {
  const seen = state.agents.get(agentKey(report));
  return state.edgeId === edgeId && seen?.instanceId === instanceId && seen.address === address && JSON.stringify(seen.report) === JSON.stringify(report);
}
