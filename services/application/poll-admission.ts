/** Use cases of polls: admits agents, answers each poll, and pushes early answers. */
import { randomUUID, timingSafeEqual } from 'node:crypto';
import { type EnvironmentState, agentKey } from '../domain/environment.ts';
import type { AgentReport, PollRejectionReason } from '../domain/events.ts';
import { Refusal } from '../domain/refusal.ts';
import { createAttempts } from './attempts.ts';
import { type Clock, instantOf } from './clock.ts';
import type { EnvironmentStreams } from './environment-streams.ts';
import { createPace } from './pace.ts';
import { peerGroup } from './peer-address.ts';
import type { PollRecorder } from './poll-recorder.ts';
import {
  AgentRefused,
  type CommandContext,
  type IssuedCredentials,
  type PollAdmission,
  type PollAnswer,
  type PollConversation,
  type PollIntroduction,
  type SettingsAccess,
} from './ports.ts';
import type { PresentAgent, Presence } from './presence.ts';
import type { Refusals } from './refusals.ts';
import type { Tunnels } from './tunnels.ts';

/** Poll calls one environment may hold open. */
const callsPerEnvironment = 4096;
/** Nodes one environment may have had. */
const nodesPerEnvironment = 4096;
/** New agents a second that the control plane is glad to take; the reconnect spread follows from it. */
const reconnectsPerSecond = 225;
/** How often what an agent reports is recorded as news, at most: such events are kept for ever. */
const reportSpacingMs = 5000;
/** Polls an agent may make at once, and a second in the long run: the shortest interval is 1 s, and trouble makes early ones. */
const pollPace = { burst: 30, perSecond: 4 };

export interface Polls extends PollAdmission {
  /** Makes a connected agent open what is required of it, by an early answer. */
  tell(agent: PresentAgent, context: CommandContext): void;
  /** Ends every poll call of an environment that was removed. */
  end(environmentId: string): void;
  /** Poll intervals changed: every connected agent it concerns is told. */
  announceInterval(environmentId?: string): void;
  close(): void;
}

interface Connected {
  readonly agent: PresentAgent;
  readonly context: CommandContext;
  readonly push: (answer: PollAnswer) => void;
  readonly end: (refusal: AgentRefused) => void;
}

/** Creates the use cases. */
export function createPolls(deps: {
  readonly environments: EnvironmentStreams;
  readonly tunnels: () => Tunnels;
  readonly presence: Presence;
  readonly recorder: PollRecorder;
  readonly refusals: Refusals;
  readonly settings: SettingsAccess;
  readonly clock: Clock;
  /** The join secret of an environment at a version of its join token. */
  readonly joinSecret: (environmentId: string, version: number) => Uint8Array;
}): Polls {
  const { environments, tunnels, presence, recorder, refusals, settings, clock, joinSecret } = deps;
  const attempts = createAttempts({ clock, limit: 20, windowMs: 60_000 });
  const connected = new Map<PresentAgent, Connected>();

  function intervalMs(environmentId: string): number {
    const state = environments.peek(environmentId);
    const own = state?.status === 'active' ? state.pollIntervalSeconds : null;
    return (own ?? settings.current().pollIntervalSeconds) * 1000;
  }

  const spreadMs = () => Math.ceil((presence.connected() / reconnectsPerSecond) * 1000);

  function answer(agent: PresentAgent, required: readonly IssuedCredentials[]): PollAnswer {
    return {
      confirmedSequence: recorder.confirmed(agent),
      pollIntervalMs: intervalMs(agent.environmentId),
      reconnectSpreadMs: spreadMs(),
      required,
    };
  }

  function record(reason: PollRejectionReason, address: string, environmentId: string | null, node: string | null): void {
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

  async function check(introduction: PollIntroduction): Promise<void> {
    const { environmentId } = introduction;
    const state = await environments.load(environmentId);
    if (state.status === 'absent') throw refuse(introduction, state, 'unknown-environment', 'there is no such environment; was its join token copied whole?');
    if (state.status === 'removed') throw refuse(introduction, state, 'environment-removed', 'this environment was removed; create another and use its join token');
    if (!isSecret(introduction.joinSecret, joinSecret(environmentId, state.joinTokenVersion))) {
      throw refuse(introduction, state, 'wrong-join-secret', 'the join token is not this environment\'s; copy it again from the environment');
    }
  }

  /** Associates, and records what the agent reports where that is news. */
  async function introduce(introduction: PollIntroduction, context: CommandContext): Promise<void> {
    const { environmentId, edgeId, instanceId, address, report } = introduction;
    // Most introductions after the first say nothing new: then there is no stream to queue for.
    const state = environments.peek(environmentId);
    if (state?.status === 'active' && isKnown(state, introduction)) return;
    try {
      await environments.execute(environmentId, { type: 'introduce-agent', at: instantOf(clock), edgeId, instanceId, address, report }, context);
    } catch (error) {
      if (!(error instanceof Refusal)) throw new AgentRefused('event-store-unavailable', 'the control plane cannot record this now; it will be tried again');
      const reason = error.code === 'environment-removed' ? 'environment-removed' : 'edge-id-mismatch';
      throw refuse(introduction, await environments.load(environmentId), reason, error.message);
    }
  }

  return {
    async admit(introduction, { push, end }) {
      const { environmentId, instanceId, address } = introduction;
      const context: CommandContext = { actor: `agent:${environmentId}/${introduction.report.node}`, correlationId: randomUUID() };
      await check(introduction);
      if (presence.present(environmentId, null).length >= callsPerEnvironment) {
        throw new AgentRefused('too-many-connections', 'this environment has too many poll calls open', 60_000);
      }
      const before = environments.peek(environmentId);
      if (before?.status === 'active' && isOneTooMany(before, introduction.report)) {
        throw new AgentRefused('too-many-connections', 'this environment has as many nodes as it may', 60_000);
      }
      const previous = before?.status === 'active' ? before.agents[agentKey(introduction.report)]?.instanceId : undefined;
      await introduce(introduction, context);
      if (previous !== undefined && previous !== instanceId) recorder.retire({ environmentId, instanceId: previous });

      let report: AgentReport = introduction.report;
      /** What it said last; recorded at most every {@link reportSpacingMs}. */
      let reported = report;
      let introducedAtMs = clock.now();
      const pace = createPace(clock, pollPace);
      const agent: PresentAgent = {
        environmentId,
        instanceId,
        connectedAtMs: clock.now(),
        get report() {
          return report;
        },
      };
      const entry: Connected = { agent, context, push, end };
      connected.set(agent, entry);
      presence.arrived(agent, intervalMs(environmentId));

      const conversation: PollConversation = {
        poll(poll) {
          if (!pace.take()) throw new AgentRefused('polling-too-fast', 'this agent polls far more often than it was told to', 60_000);
          const { sequence, heldCredentialsIds: held, tunnelFailure: failure } = poll;
          recorder.record({ environmentId, node: report.node, instanceId, sequence, context });
          presence.polled(environmentId, intervalMs(environmentId));
          if (poll.report !== null) reported = poll.report;
          const isNews = reported !== report && clock.now() - introducedAtMs >= reportSpacingMs && JSON.stringify(reported) !== JSON.stringify(report);
          const news = isNews ? reported : null;
          if (news !== null) {
            report = news;
            introducedAtMs = clock.now();
          }
          if (news === null && !tunnels().isNeeded(environmentId)) return answer(agent, []);
          return (async () => {
            if (news !== null) await introduce({ ...introduction, report: news, address }, context);
            await tunnels().reconcile(agent, { held, failure }, context);
            return answer(agent, await tunnels().credentialsFor(agent, context));
          })();
        },
        close({ isClassic }) {
          if (!connected.delete(agent)) return;
          presence.left(agent, isClassic ? 2 * intervalMs(environmentId) : spreadMs());
        },
      };
      return conversation;
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

    end(environmentId) {
      const state = environments.peek(environmentId);
      const agents = state?.status === 'active' ? Object.values(state.agents) : [];
      for (const { instanceId } of agents) recorder.retire({ environmentId, instanceId });
      for (const { agent, end } of [...connected.values()]) {
        if (agent.environmentId !== environmentId) continue;
        connected.delete(agent);
        presence.left(agent, 0);
        end(new AgentRefused('environment-removed', 'this environment was removed'));
      }
      presence.forget(environmentId);
    },

    announceInterval(environmentId) {
      for (const { agent, push } of connected.values()) {
        if (environmentId === undefined || agent.environmentId === environmentId) push(answer(agent, []));
      }
    },

    close() {
      attempts.close();
    },
  };
}

function isSecret(given: Uint8Array, right: Uint8Array): boolean {
  return given.length === right.length && timingSafeEqual(given, right);
}

/** Each node is kept for ever, and says its id itself. */
function isOneTooMany({ agents }: Extract<EnvironmentState, { status: 'active' }>, report: AgentReport): boolean {
  return !(agentKey(report) in agents) && Object.keys(agents).length >= nodesPerEnvironment;
}

function isKnown(state: Extract<EnvironmentState, { status: 'active' }>, { edgeId, instanceId, address, report }: PollIntroduction): boolean {
  const seen = state.agents[agentKey(report)];
  return state.edgeId === edgeId && seen?.instanceId === instanceId && seen.address === address && JSON.stringify(seen.report) === JSON.stringify(report);
}
