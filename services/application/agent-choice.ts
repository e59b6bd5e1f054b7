/** Which of an environment's agents is asked to open a tunnel. */
import type { TunnelEvent } from '../domain/events.ts';
import { type TunnelKey, tunnelStream } from '../domain/tunnel-key.ts';
import type { PresentAgent, Presence } from './presence.ts';

export interface AgentChoice {
  /** The connected agents that could open the tunnel, the one to ask in front. Each instance is in it once, by its newest call. */
  order(key: TunnelKey): readonly PresentAgent[];
  /** What happened to the tunnel says who is asked next. */
  recorded(key: TunnelKey, event: TunnelEvent): void;
}

/** Failures that are remembered of one tunnel. */
const failuresKept = 4096;

/**
 * Creates the choice: who did not just fail, then managers, then who did not just lose it, then the longest connected.
 * `isSuperseded` is whether another instance has taken the agent's place, so that its call is likely a dead one: such are asked
 * only where there is nobody else.
 */
export function createAgentChoice(deps: { readonly presence: Pick<Presence, 'present'>; readonly isSuperseded: (agent: PresentAgent) => boolean }): AgentChoice {
  const { presence, isSuperseded } = deps;
  /** By tunnel and instance: a number that grows, so that who failed first is asked again first. */
  const failures = new Map<string, Map<string, number>>();
  const losers = new Map<string, string>();
  /** By tunnel: who was asked last. */
  const asked = new Map<string, string>();
  let count = 0;

  /** It opened none: it is asked again only after all others. */
  function failed(stream: string, instanceId: string): void {
    const ofStream = failures.get(stream) ?? new Map<string, number>();
    failures.set(stream, ofStream);
    ofStream.delete(instanceId);
    ofStream.set(instanceId, ++count);
    const [oldest] = ofStream.keys();
    if (ofStream.size > failuresKept && oldest !== undefined) ofStream.delete(oldest);
  }

  return {
    order(key) {
      const stream = tunnelStream(key);
      const weights = ({ instanceId, report, connectedAtMs }: PresentAgent) => [
        failures.get(stream)?.get(instanceId) ?? 0,
        report.swarm?.manager === true ? 0 : 1,
        losers.get(stream) === instanceId ? 1 : 0,
        connectedAtMs,
      ];
      const agents = newestCalls(presence.present(key.environmentId, key.node));
      const current = agents.filter((agent) => !isSuperseded(agent));
      return (current.length > 0 ? current : agents)
        .map((agent) => ({ agent, weights: weights(agent) }))
        .sort((a, b) => compare(a.weights, b.weights))
        .map(({ agent }) => agent);
    },
    recorded(key, { type, data }) {
      const stream = tunnelStream(key);
      const instanceId = asked.get(stream);
      switch (type) {
        case 'TunnelCredentialsIssued':
          asked.set(stream, data.agentInstanceId);
          break;
        case 'TunnelCredentialsExpired':
        case 'TunnelOpenFailed':
          if (instanceId !== undefined) failed(stream, instanceId);
          break;
        case 'TunnelOpened':
          // Old failures say nothing about the next time.
          failures.delete(stream);
          losers.delete(stream);
          break;
        case 'TunnelLost':
          // Its node may have died, and its polls only look alive: of its equals it is asked last.
          if (instanceId !== undefined && (data.reason === 'connection-lost' || data.reason === 'agent-stopped')) losers.set(stream, instanceId);
          break;
        case 'TunnelClosed':
        case 'TunnelRequirementLapsed':
          for (const known of [failures, losers, asked]) known.delete(stream);
          break;
        case 'TunnelRequired':
        case 'TunnelCredentialsRevoked':
          break;
      }
    },
  };
}

/** Of an instance that came back while its former call still looks open, the newer one. */
function newestCalls(agents: readonly PresentAgent[]): PresentAgent[] {
  const newest = new Map<string, PresentAgent>();
  for (const agent of agents) {
    const known = newest.get(agent.instanceId);
    if (known === undefined || agent.connectedAtMs >= known.connectedAtMs) newest.set(agent.instanceId, agent);
  }
  return [...newest.values()];
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [index, weight] of a.entries()) {
    const difference = weight - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
