/** How fast agents may poll and bring news. It is kept by agent and environment and outlives calls: a new call is begun at no cost. */
import { agentKey } from '../domain/environment.ts';
import type { AgentReport } from '../domain/events.ts';
import type { Clock } from './clock.ts';
import { createPace, type Pace } from './pace.ts';

/** What may change with an agent that goes on running: what it reports, and what it says of an address it was told. */
export type AgentNews = 'report' | 'address';

/** An agent's place in the pace, while a call of it is open. */
export interface PacedCall {
  /** Whether one more poll may come now. */
  take(): boolean;
  /** The call has ended; once. */
  leave(): void;
}

export interface AgentPaces {
  /** A call of an agent begins. `key` tells the agents of an environment apart. */
  enter(environmentId: string, key: string): PacedCall;
  /** Whether it may be recorded now that an agent was started anew. `nodes` are the agents the environment has had. */
  mayStart(environmentId: string, nodes: number): boolean;
  /**
   * The right to record news of an agent now, to be given back when it is recorded or could not be; undefined where something of the
   * kind is being recorded, or was within 5 s, or the environment has had its share: the news has to wait.
   */
  claim(environmentId: string, key: string, news: AgentNews, nodes: number): (() => void) | undefined;
  close(): void;
}

/** Tells the agents of an environment apart: those of a Swarm whose engines don't answer look alike, and share an agent's place, but not its pace. */
export function agentPaceKey({ instanceId, report }: { readonly instanceId: string; readonly report: AgentReport }): string {
  return report.swarm === null ? `instance ${instanceId}` : agentKey(report);
}

/** Polls an agent may make at once, and a second in the long run: the shortest interval is 1 s, and trouble makes early ones. */
const pollPace = { burst: 30, perSecond: 4 };
/** How often news of one agent is recorded, at most: such events are kept for ever. */
const newsSpacingMs = 5000;
/** The same of all agents of an environment: at once, as much more for each node, since a whole Swarm may be started anew; and in the long run. */
const environmentNews = { atOnce: 60, atOncePerNode: 4, perMinute: 20 };
/** After so long without a call an agent's pace is as if it were new. */
const forgottenAfterMs = 10_000;

interface Paced {
  readonly polls: Pace;
  calls: number;
  idleSinceMs: number;
  readonly recordedAtMs: Record<AgentNews, number>;
  readonly isRecording: Record<AgentNews, boolean>;
}

/**
 * Creates the paces of all agents that this process lets in. Only they have one, so there are as many as environments have nodes
 * and starts that may be recorded.
 */
export function createAgentPaces(clock: Clock): AgentPaces {
  const agents = new Map<string, Paced>();
  /** News recorded of an environment, less what time has forgiven. */
  const spent = new Map<string, { news: number; atMs: number }>();
  const stop = clock.every(forgottenAfterMs, forget);

  function forget(): void {
    const nowMs = clock.now();
    for (const [name, { calls, idleSinceMs, isRecording }] of agents) {
      if (calls === 0 && !isRecording.report && !isRecording.address && nowMs - idleSinceMs >= forgottenAfterMs) agents.delete(name);
    }
    for (const environmentId of spent.keys()) if (spentNow(environmentId) === 0) spent.delete(environmentId);
  }

  function pacedOf(environmentId: string, key: string): Paced {
    const name = `${environmentId} ${key}`;
    const known = agents.get(name);
    if (known !== undefined) return known;
    const paced: Paced = {
      polls: createPace(clock, pollPace),
      calls: 0,
      idleSinceMs: clock.now(),
      recordedAtMs: { report: -Infinity, address: -Infinity },
      isRecording: { report: false, address: false },
    };
    agents.set(name, paced);
    return paced;
  }

  function spentNow(environmentId: string): number {
    const { news, atMs } = spent.get(environmentId) ?? { news: 0, atMs: 0 };
    return Math.max(0, news - ((clock.now() - atMs) / 60_000) * environmentNews.perMinute);
  }

  function spend(environmentId: string, nodes: number): boolean {
    const news = spentNow(environmentId) + 1;
    if (news > environmentNews.atOnce + environmentNews.atOncePerNode * nodes) return false;
    spent.set(environmentId, { news, atMs: clock.now() });
    return true;
  }

  return {
    enter(environmentId, key) {
      const paced = pacedOf(environmentId, key);
      paced.calls++;
      return {
        take: () => paced.polls.take(),
        leave() {
          paced.calls--;
          paced.idleSinceMs = clock.now();
        },
      };
    },

    mayStart: spend,

    claim(environmentId, key, news, nodes) {
      const paced = pacedOf(environmentId, key);
      if (paced.isRecording[news] || clock.now() - paced.recordedAtMs[news] < newsSpacingMs || !spend(environmentId, nodes)) return undefined;
      paced.isRecording[news] = true;
      paced.recordedAtMs[news] = clock.now();
      paced.idleSinceMs = clock.now();
      return () => {
        paced.isRecording[news] = false;
      };
    },

    close: stop,
  };
}
