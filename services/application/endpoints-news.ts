/** Tells connected agents of new addresses and tunnel fingerprints, and records what they say of the address they were told. */
import type { Logger } from 'pino';
import { endpointsSignedAtMs, highestEndpointsVersion } from '../../proto/endpoints.ts';
import { environmentDecider } from '../domain/environment.ts';
import { agentPaceKey, type AgentPaces } from './agent-pace.ts';
import { type Clock, instantOf } from './clock.ts';
import type { ConnectedAgent, ConnectedAgents } from './connected-agents.ts';
import type { EnvironmentStreams } from './environment-streams.ts';
import type { EndpointsNews, PollAnswer } from './ports/poll-admission.ts';
import type { PresentAgent } from './presence.ts';
import { reconnectsPerSecond } from './reconnect-spread.ts';
import type { RecordedTunnelCertificate } from './tunnel-certificate.ts';

/** How often some more agents are told of new endpoints. */
const stepMs = 100;

export interface EndpointsAnnouncements {
  /** What this agent is to be told of endpoints now: what it does not go by yet, once a call. */
  newsFor(agent: PresentAgent): EndpointsNews | undefined;
  /** Records what an agent says of the address it was told, where that is news; what comes too soon stays to be looked at. */
  reportAddress(entry: ConnectedAgent): void;
  /** Connected agents are told by early answers: those of one environment at once, all of them at the pace of reconnects. */
  announce(environmentId?: string): void;
  close(): void;
}

/** Creates it. `answer` makes an early answer, with {@link EndpointsAnnouncements.newsFor} in it. */
export function createEndpointsAnnouncements(deps: {
  readonly connected: ConnectedAgents;
  readonly environments: EnvironmentStreams;
  readonly tunnelCertificate: Pick<RecordedTunnelCertificate, 'version' | 'fingerprints'>;
  readonly paces: AgentPaces;
  readonly answer: (agent: PresentAgent) => PollAnswer;
  readonly clock: Clock;
  readonly logger: Logger;
}): EndpointsAnnouncements {
  const { connected, environments, tunnelCertificate, paces, answer, clock, logger } = deps;
  let stopSteps: (() => void) | undefined;

  function tell({ agent, push }: ConnectedAgent): void {
    if (connected.get(agent) === undefined) return;
    const news = answer(agent);
    if (news.endpoints !== undefined) push(news);
  }

  /** In steps, so that a large fleet's answers, signatures and new introductions don't come at once. */
  function tellInSteps(waiting: readonly ConnectedAgent[]): void {
    stopSteps?.();
    stopSteps = undefined;
    const perStep = Math.ceil((reconnectsPerSecond * stepMs) / 1000);
    for (const entry of waiting.slice(0, perStep)) tell(entry);
    if (waiting.length > perStep) stopSteps = clock.after(stepMs, () => tellInSteps(waiting.slice(perStep)));
  }

  return {
    newsFor(agent) {
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
    },

    reportAddress(entry) {
      const { agent, inUse, context } = entry;
      entry.isAddressNews = false;
      const state = environments.peek(agent.environmentId);
      if (inUse === undefined || state?.status !== 'active') return;
      const command = { type: 'report-address', at: instantOf(clock), report: agent.report, failure: inUse.failure } as const;
      if (environmentDecider.decide(command, state).length === 0) return;
      const recorded = paces.claim(agent.environmentId, agentPaceKey(agent), 'address', state.agents.size);
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
    },

    announce(environmentId) {
      if (environmentId === undefined) return tellInSteps(connected.all());
      for (const entry of connected.of(environmentId)) tell(entry);
    },

    close: () => stopSteps?.(),
  };
}
