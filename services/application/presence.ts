/** Who is there: the agents that poll, and by the server's clock whether an environment is up. */
import type { AgentReport } from '../domain/events.ts';
import type { Clock } from './clock.ts';
import { createFleetSize } from './fleet-size.ts';
import { reconnectSpreadMs } from './reconnect-spread.ts';

/** An agent whose poll call is open, or who polled a moment ago by a classic call. */
export interface PresentAgent {
  readonly environmentId: string;
  readonly instanceId: string;
  readonly report: AgentReport;
  readonly connectedAtMs: number;
}

/** When an environment was last heard of. */
interface Heard {
  /** Open poll calls. */
  readonly open: Set<PresentAgent>;
  lastPolledAtMs: number | undefined;
  /** After this instant, with no call open, the environment is down. */
  deadlineMs: number;
  /** When the next poll or call should have come. */
  expectedByMs: number;
  /** The same of Swarm nodes whose agents have left. */
  readonly nodes: Map<string, number>;
  /** When the record was read, after which all of its agents may come back. */
  knownAtMs: number;
  heartbeat: 'never' | 'up' | 'down';
}

export interface Presence {
  /** What the record says of an environment at start. Its silence so far is the control plane's own. */
  know(environmentId: string, past: { readonly heartbeat: 'never' | 'up' | 'down'; readonly lastPolledAtMs: number | undefined; readonly intervalMs: number }): void;
  /** All that the record says is known: so many agents were up, and count as up until their return has been spread. */
  expectAll(agents: number): void;
  arrived(agent: PresentAgent, intervalMs: number): void;
  /** `again` is the longest after which it should be back, in milliseconds. */
  left(agent: PresentAgent, again: number): void;
  polled(environmentId: string, intervalMs: number): void;
  forget(environmentId: string): void;
  /** Open poll calls of an environment, the one to ask first in front. */
  present(environmentId: string, swarmNode: string | null): readonly PresentAgent[];
  /** How many poll calls are open. */
  connected(): number;
  /** The time over which all agents would spread their return where they lost the control plane now, in milliseconds. */
  spreadMs(): number;
  /** Whether a poll of the environment, or of a Swarm node, is due within so many milliseconds, or a call is open. */
  isDueWithin(environmentId: string, ms: number, swarmNode?: string | null): boolean;
  close(): void;
}

/** Beyond two intervals, or beyond the time to reconnect, how much silence is forgiven. */
const graceMs = 20_000;
const checkMs = 1000;
/** A look that comes later than this says that the process stood still. */
const missedAtMostMs = 5000;

/** Creates the watch over agents. `onLost` and `onRestored` are called once per change, and again where they reject. */
export function createPresence(deps: {
  readonly clock: Clock;
  readonly onLost: (environmentId: string, lastPolledAtMs: number | undefined) => Promise<unknown>;
  readonly onRestored: (environmentId: string) => Promise<unknown>;
}): Presence {
  const { clock, onLost, onRestored } = deps;
  const environments = new Map<string, Heard>();
  let open = 0;
  const fleet = createFleetSize(clock);
  let checkedAtMs = clock.now();
  const stop = clock.every(checkMs, check);

  function heard(environmentId: string): Heard {
    let found = environments.get(environmentId);
    if (found === undefined) {
      found = { open: new Set(), lastPolledAtMs: undefined, deadlineMs: Infinity, expectedByMs: Infinity, nodes: new Map(), knownAtMs: -Infinity, heartbeat: 'never' };
      environments.set(environmentId, found);
    }
    return found;
  }

  /** What could not be recorded has not happened: the next look, or the next poll, finds it again. */
  function change(one: Heard, to: 'up' | 'down', recorded: Promise<unknown>): void {
    const before = one.heartbeat;
    one.heartbeat = to;
    recorded.catch(() => {
      if (one.heartbeat === to) one.heartbeat = before;
    });
  }

  function check(): void {
    const now = clock.now();
    const missedMs = now - checkedAtMs - checkMs;
    checkedAtMs = now;
    for (const [environmentId, one] of environments) {
      // A machine that was paused heard nobody meanwhile.
      if (missedMs > missedAtMostMs) one.deadlineMs += missedMs;
      if (one.heartbeat !== 'up' || one.open.size > 0 || now <= one.deadlineMs) continue;
      change(one, 'down', onLost(environmentId, one.lastPolledAtMs));
    }
  }

  function polled(environmentId: string, intervalMs: number): void {
    const one = heard(environmentId);
    one.lastPolledAtMs = clock.now();
    one.expectedByMs = one.lastPolledAtMs + intervalMs;
    one.deadlineMs = one.lastPolledAtMs + 2 * intervalMs + graceMs;
    if (one.heartbeat === 'down') change(one, 'up', onRestored(environmentId));
    else one.heartbeat = 'up';
  }

  return {
    know(environmentId, { heartbeat, lastPolledAtMs, intervalMs }) {
      const one = heard(environmentId);
      one.heartbeat = heartbeat;
      one.lastPolledAtMs = Math.max(lastPolledAtMs ?? 0, one.lastPolledAtMs ?? 0) || undefined;
      one.expectedByMs = clock.now();
      one.knownAtMs = clock.now();
      one.deadlineMs = clock.now() + 2 * intervalMs + graceMs;
    },

    expectAll(agents) {
      fleet.expect(agents);
      const ms = reconnectSpreadMs(agents);
      for (const one of environments.values()) one.deadlineMs = Math.max(one.deadlineMs, one.knownAtMs + ms + graceMs);
    },

    arrived(agent, intervalMs) {
      heard(agent.environmentId).open.add(agent);
      fleet.connected(++open);
      polled(agent.environmentId, intervalMs);
    },

    left(agent, again) {
      const one = environments.get(agent.environmentId);
      if (one?.open.delete(agent) !== true) return;
      fleet.connected(--open);
      const nodeId = agent.report.swarm?.nodeId;
      if (nodeId !== undefined) one.nodes.set(nodeId, clock.now() + again);
      if (one.open.size > 0) return;
      one.expectedByMs = clock.now() + again;
      one.deadlineMs = one.expectedByMs + graceMs;
    },

    polled,

    forget(environmentId) {
      environments.delete(environmentId);
    },

    present(environmentId, swarmNode) {
      const one = environments.get(environmentId);
      if (one === undefined) return [];
      const agents = [...one.open].filter(({ report }) => swarmNode === null || report.swarm?.nodeId === swarmNode);
      const rank = ({ report }: PresentAgent) => (report.swarm?.manager === true ? 0 : 1);
      return agents.sort((a, b) => rank(a) - rank(b) || a.connectedAtMs - b.connectedAtMs);
    },

    connected: () => open,

    spreadMs: () => reconnectSpreadMs(fleet.agents()),

    isDueWithin(environmentId, ms, swarmNode = null) {
      const one = environments.get(environmentId);
      if (one === undefined || one.heartbeat !== 'up') return false;
      if (swarmNode !== null) {
        if ([...one.open].some(({ report }) => report.swarm?.nodeId === swarmNode)) return true;
        const expectedByMs = one.nodes.get(swarmNode) ?? one.knownAtMs;
        return expectedByMs <= clock.now() + ms && clock.now() <= expectedByMs + graceMs;
      }
      return one.open.size > 0 || one.expectedByMs <= clock.now() + ms;
    },

    close: stop,
  };
}
