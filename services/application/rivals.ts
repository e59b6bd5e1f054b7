/** Tells an agent that was restarted from two that live at the same time with one identity. */
import type { SeenAgent } from '../domain/environment.ts';

/** An agent that claims the place of an environment's one agent. */
export interface Rival {
  /** As it introduced itself last. */
  readonly agent: SeenAgent;
  readonly heardAtMs: number;
}

/**
 * Who claimed one environment's place since it was last undisputed.
 *
 * Whoever comes takes the place at once: mostly it is the same agent, restarted, and its former call may look open for a
 * while, or bring polls that were stuck on the way. So polls alone prove nothing. What does: a poll that repeats a
 * confirmation which was first sent after the newest rival had come, for only a living agent can have read it; or, of an
 * agent that repeats none, a second introduction since. Two that prove it live at the same time.
 */
export interface Rivals {
  /** An agent introduced itself, whose place another had (`before`), or in which it is disputed. */
  introduced(agent: SeenAgent, before: SeenAgent | undefined): void;
  /** It polled, and named the highest sequence it knows to be recorded. */
  polled(instanceId: string, confirmedSequence: number): void;
  /** Those that are known to live at the same time, the one that was there first in front. */
  living(): readonly SeenAgent[];
  /** Everyone, the one that was there first in front. */
  all(): readonly Rival[];
  drop(instanceId: string): void;
}

interface Contender {
  agent: SeenAgent;
  heardAtMs: number;
  /** No confirmation above this was sent to it before the newest rival came. */
  baseline: number;
  introductions: number;
  lives: boolean;
}

/** Of more rivals the oldest is forgotten. */
const rivalsKept = 16;
/** Introductions since the newest rival came, of which one may have been stuck on the way. */
const introductionsThatProve = 2;

/** Creates the record of one dispute. `confirmed` is the highest sequence that was ever confirmed to an instance. */
export function createRivals(deps: { readonly confirmed: (instanceId: string) => number; readonly now: () => number }): Rivals {
  const { confirmed, now } = deps;
  const contenders = new Map<string, Contender>();

  function add(agent: SeenAgent): void {
    contenders.set(agent.instanceId, { agent, heardAtMs: now(), baseline: 0, introductions: 0, lives: false });
    const [oldest] = contenders.keys();
    if (contenders.size > rivalsKept && oldest !== undefined) contenders.delete(oldest);
    for (const [instanceId, one] of contenders) Object.assign(one, { baseline: confirmed(instanceId), introductions: 0, lives: false });
  }

  return {
    introduced(agent, before) {
      if (before !== undefined && !contenders.has(before.instanceId)) add(before);
      const known = contenders.get(agent.instanceId);
      if (known === undefined) return add(agent);
      Object.assign(known, { agent, heardAtMs: now() });
      known.introductions++;
      if (known.introductions >= introductionsThatProve) known.lives = true;
    },
    polled(instanceId, confirmedSequence) {
      const one = contenders.get(instanceId);
      if (one === undefined) return;
      one.heardAtMs = now();
      if (confirmedSequence > one.baseline) one.lives = true;
    },
    living() {
      const those = [...contenders.values()].filter(({ lives }) => lives);
      return those.length > 1 ? those.map(({ agent }) => agent) : [];
    },
    all: () => [...contenders.values()],
    drop: (instanceId) => void contenders.delete(instanceId),
  };
}
