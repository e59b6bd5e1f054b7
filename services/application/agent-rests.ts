/** How long an agent is left alone that loses a tunnel, or fails to open one, again and again. */
import type { TunnelEvent } from '../domain/events.ts';
import { type TunnelKey, tunnelStream } from '../domain/tunnel-key.ts';
import type { PresentAgent } from './presence.ts';

/** Which agents are not asked for a tunnel for a while, as theirs did not last. */
export interface AgentRests {
  /** Until when it is not asked for the tunnel, in milliseconds since 1970; 0 where it may be asked. */
  untilMs(key: TunnelKey, agent: PresentAgent): number;
  /** What happened to the tunnel. */
  recorded(key: TunnelKey, event: TunnelEvent): void;
}

/** A tunnel that lived for so long worked: what was before counts no more. */
const livedMs = 10_000;
/** After the second trouble in a row the agent rests so long, after each other twice as long as before. */
const firstRestMs = 1000;
/** The longest rest. */
const longestRestMs = 30_000;
/** Agents remembered of one tunnel. */
const agentsKept = 4096;

interface TunnelTroubles {
  asked: string | undefined;
  openedAtMs: number;
  /** By instance. */
  readonly agents: Map<string, { count: number; untilMs: number }>;
}

/**
 * Creates the memory of troubles. The first one costs nothing: a tunnel that is lost is opened again at once. An agent that
 * opens none in time needs no rest: it was waited for.
 */
export function createAgentRests(): AgentRests {
  const tunnels = new Map<string, TunnelTroubles>();

  function troubled({ asked, agents }: TunnelTroubles, atMs: number): void {
    if (asked === undefined) return;
    const count = (agents.get(asked)?.count ?? 0) + 1;
    const restMs = count === 1 ? 0 : Math.min(longestRestMs, firstRestMs * 2 ** (count - 2));
    agents.delete(asked);
    agents.set(asked, { count, untilMs: atMs + restMs });
    const [oldest] = agents.keys();
    if (agents.size > agentsKept && oldest !== undefined) agents.delete(oldest);
  }

  return {
    untilMs: (key, { instanceId }) => tunnels.get(tunnelStream(key))?.agents.get(instanceId)?.untilMs ?? 0,
    recorded(key, { type, data }) {
      const stream = tunnelStream(key);
      const troubles = tunnels.get(stream);
      const atMs = Date.parse(data.at);
      switch (type) {
        case 'TunnelCredentialsIssued':
          if (troubles === undefined) tunnels.set(stream, { asked: data.agentInstanceId, openedAtMs: 0, agents: new Map() });
          else troubles.asked = data.agentInstanceId;
          break;
        case 'TunnelOpened':
          if (troubles !== undefined) troubles.openedAtMs = atMs;
          break;
        case 'TunnelOpenFailed':
          // Whoever left is asked when it is back.
          if (troubles !== undefined && data.reason !== 'agent-left') troubled(troubles, atMs);
          break;
        case 'TunnelLost':
          if (troubles === undefined) break;
          if (atMs - troubles.openedAtMs >= livedMs) troubles.agents.clear();
          else troubled(troubles, atMs);
          break;
        case 'TunnelClosed':
        case 'TunnelRequirementLapsed':
          tunnels.delete(stream);
          break;
        case 'TunnelRequired':
        case 'TunnelCredentialsExpired':
        case 'TunnelCredentialsRevoked':
          break;
      }
    },
  };
}
