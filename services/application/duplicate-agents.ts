/** Watches for two agents with one identity, keeps one of them, and sees when one is gone. */
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { type ActiveEnvironment, agentKey, type SeenAgent } from '../domain/environment.ts';
import { type Clock, instantOf } from './clock.ts';
import type { EnvironmentStreams } from './environment-streams.ts';
import type { CommandContext } from './ports/command-context.ts';
import type { PresentAgent, Presence } from './presence.ts';
import { createRivals, type Rivals } from './rivals.ts';

export interface DuplicateAgents {
  /** An agent introduced itself and was let in; `before` is who had its place. */
  introduced(environmentId: string, agent: SeenAgent, before: SeenAgent | undefined): void;
  /** It polled. What resolves, where something does, is that a duplicate is decided: the caller's call may have ended by it. */
  polled(agent: PresentAgent, confirmedSequence: number): Promise<void> | undefined;
  /** It was refused as a duplicate: so it lives. */
  refused(environmentId: string, instanceId: string): void;
  /** Its agents are no longer its agents. */
  forget(environmentId: string): void;
  close(): void;
}

/** A refused agent that has not come back for so long is gone. Agents ask again after 5 minutes at most. */
export const refusedAgentGoneMs = 900_000;
const sweepMs = 30_000;
const graceMs = 20_000;

/** Creates the watch of one control-plane process. */
export function createDuplicateAgents(deps: {
  readonly environments: EnvironmentStreams;
  readonly presence: Pick<Presence, 'present'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly actor: string;
  readonly intervalMs: (environmentId: string) => number;
  readonly confirmed: (agent: { readonly environmentId: string; readonly instanceId: string }) => number;
  /** The instance that holds the environment's tunnel, or is about to open it. */
  readonly holderOf: (environmentId: string) => string | undefined;
  /** Ends the polls of an agent that is a duplicate. */
  readonly turnAway: (environmentId: string, instanceId: string) => void;
}): DuplicateAgents {
  const { environments, presence, clock, logger, actor, intervalMs, confirmed, holderOf, turnAway } = deps;
  const disputes = new Map<string, Rivals>();
  /** When refused agents asked last, by environment and instance. */
  const askedAtMs = new Map<string, Map<string, number>>();
  const stop = clock.every(sweepMs, sweep);
  const context = (): CommandContext => ({ actor, correlationId: randomUUID() });

  function activeState(environmentId: string): ActiveEnvironment | undefined {
    const state = environments.peek(environmentId);
    return state?.status === 'active' ? state : undefined;
  }

  function asked(environmentId: string, instanceId: string): void {
    const ofEnvironment = askedAtMs.get(environmentId) ?? new Map<string, number>();
    askedAtMs.set(environmentId, ofEnvironment.set(instanceId, clock.now()));
  }

  /** The tunnel stays where it is: who holds it is kept, else who was there first. */
  async function decide(environmentId: string, living: readonly SeenAgent[]): Promise<void> {
    const holder = holderOf(environmentId);
    const kept = living.find(({ instanceId }) => instanceId === holder) ?? living[0];
    if (kept === undefined) return;
    try {
      for (const refused of living) {
        if (refused === kept) continue;
        await environments.execute(environmentId, { type: 'detect-duplicate', at: instantOf(clock), kept, refused }, context());
        asked(environmentId, refused.instanceId);
        drop(environmentId, refused.instanceId);
        turnAway(environmentId, refused.instanceId);
      }
    } catch (error) {
      // The next poll finds it again.
      logger.warn({ err: error, environmentId }, 'a duplicate agent could not be recorded yet');
    }
  }

  function drop(environmentId: string, instanceId: string): void {
    const rivals = disputes.get(environmentId);
    rivals?.drop(instanceId);
    if ((rivals?.all().length ?? 0) < 2) disputes.delete(environmentId);
  }

  function sweep(): void {
    for (const [environmentId, rivals] of [...disputes]) {
      const patienceMs = 2 * intervalMs(environmentId) + graceMs;
      const connected = new Set(presence.present(environmentId, null).map(({ instanceId }) => instanceId));
      const gone = rivals.all().filter(({ agent, heardAtMs }) => !connected.has(agent.instanceId) && clock.now() - heardAtMs > patienceMs);
      for (const { agent } of gone) drop(environmentId, agent.instanceId);
      const [survivor] = rivals.all();
      if (!disputes.has(environmentId) && survivor !== undefined && connected.has(survivor.agent.instanceId)) reinstate(environmentId, survivor.agent);
    }
    for (const [environmentId, ofEnvironment] of [...askedAtMs]) {
      const { duplicates = [] } = activeState(environmentId) ?? {};
      if (duplicates.length === 0) askedAtMs.delete(environmentId);
      for (const { instanceId } of duplicates) {
        const silentMs = clock.now() - (ofEnvironment.get(instanceId) ?? 0);
        if (silentMs > refusedAgentGoneMs) quietly(environments.execute(environmentId, { type: 'resolve-duplicate', at: instantOf(clock), instanceId }, context()));
      }
    }
  }

  /** Who took its place for a moment is gone. */
  function reinstate(environmentId: string, agent: SeenAgent): void {
    const state = activeState(environmentId);
    if (state?.edgeId === undefined || state.edgeId === null || state.agents.get(agentKey(agent.report))?.instanceId === agent.instanceId) return;
    quietly(environments.execute(environmentId, { type: 'introduce-agent', at: instantOf(clock), edgeId: state.edgeId, ...agent }, context()));
  }

  function quietly(recorded: Promise<unknown>): void {
    recorded.catch((error: unknown) => {
      logger.warn({ err: error }, 'the end of a duplicate agent could not be recorded yet');
    });
  }

  return {
    introduced(environmentId, agent, before) {
      const state = activeState(environmentId);
      if (state === undefined) return;
      // A process that just started gives refused agents their time.
      for (const { instanceId } of state.duplicates) if (askedAtMs.get(environmentId)?.has(instanceId) !== true) asked(environmentId, instanceId);
      if (agentKey(agent.report) !== '') return;
      const isNew = before !== undefined && before.instanceId !== agent.instanceId;
      const rivals = disputes.get(environmentId);
      if (rivals === undefined && !isNew) return;
      const dispute = rivals ?? createRivals({ confirmed: (instanceId) => confirmed({ environmentId, instanceId }), now: () => clock.now() });
      disputes.set(environmentId, dispute);
      dispute.introduced(agent, isNew ? before : undefined);
    },

    polled({ environmentId, instanceId }, confirmedSequence) {
      const dispute = disputes.get(environmentId);
      if (dispute === undefined) return undefined;
      dispute.polled(instanceId, confirmedSequence);
      const state = activeState(environmentId);
      const living = dispute.living().filter(({ report }) => state !== undefined && standsAlone(report, state));
      return living.length < 2 ? undefined : decide(environmentId, living);
    },

    refused: asked,
    forget(environmentId) {
      disputes.delete(environmentId);
      askedAtMs.delete(environmentId);
    },
    close: stop,
  };
}

/** The agents of a Swarm that can't reach their engines look alike, and are none the less several. */
function standsAlone({ swarm, engine }: SeenAgent['report'], { agents }: ActiveEnvironment): boolean {
  return swarm === null && (engine !== null || [...agents.keys()].every((key) => key === ''));
}
