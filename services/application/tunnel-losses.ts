/** Losing a tunnel: its connection broke, its agent says so, or this process or an earlier one ended. */
import type { Logger } from 'pino';
import type { TunnelLossReason } from '../domain/events.ts';
import { type TunnelKey, tunnelStream } from '../domain/tunnel-key.ts';
import type { Grant } from '../domain/tunnel.ts';
import type { Clock } from './clock.ts';
import type { EnvironmentStreams } from './environment-streams.ts';
import type { CommandContext } from './ports/command-context.ts';
import type { Poll } from './ports/poll-admission.ts';
import type { OpenedTunnel, TunnelControl, TunnelGate } from './ports/tunnel-gate.ts';
import type { PresentAgent } from './presence.ts';
import type { TunnelRecord } from './tunnel-record.ts';

const recordAgainMs = 1000;

/** Notices tunnels that are open in the record alone, and records that they are lost. */
export interface TunnelLosses extends Pick<TunnelGate, 'lost'> {
  /** What an agent says it holds, and what it failed to open, against the record. */
  reconcile(agent: PresentAgent, said: { readonly held: readonly string[]; readonly failure: Poll['tunnelFailure'] }, context: CommandContext): Promise<void>;
  /** The record says that it is open: one of an earlier process of this node is lost as `server-restarted`. */
  resume(key: TunnelKey): Promise<void>;
  /** Marks what is open as lost with this process. */
  close(): Promise<void>;
}

/** Creates the bookkeeping of losses. `epoch` is this process of `controlPlaneNode`. */
export function createTunnelLosses(deps: {
  readonly record: TunnelRecord;
  readonly environments: Pick<EnvironmentStreams, 'peek'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly controlPlaneNode: string;
  readonly epoch: string;
  readonly control: () => TunnelControl;
}): TunnelLosses {
  const { record, environments, clock, logger, controlPlaneNode, epoch, control } = deps;
  const proving = new Set<string>();

  async function lose(key: TunnelKey, credentialsId: string, reason: TunnelLossReason, context: CommandContext): Promise<void> {
    await record.run(key, { type: 'lose', credentialsId, reason }, context);
  }

  async function lost(tunnel: OpenedTunnel, reason: TunnelLossReason): Promise<void> {
    try {
      await lose(tunnel.key, tunnel.credentialsId, reason, record.following(tunnel.key));
    } catch (error) {
      logger.warn({ err: error }, 'a lost tunnel could not be recorded yet');
      clock.after(recordAgainMs, () => void lost(tunnel, reason));
    }
  }

  /** Whether another instance has taken the place of the one that holds a tunnel, as after the machine was restarted. */
  function isGone(environmentId: string, instanceId: string): boolean {
    const state = environments.peek(environmentId);
    return state?.status === 'active' && ![...state.agents.values()].some((agent) => agent.instanceId === instanceId);
  }

  /** Its connection may only look open. It may as well be that of the other of two agents with one identity, which keeps it. */
  function prove(key: TunnelKey): void {
    const stream = tunnelStream(key);
    if (proving.has(stream)) return;
    proving.add(stream);
    void control().prove(key).then(() => proving.delete(stream));
  }

  return {
    lost,

    async reconcile(agent, { held, failure }, context) {
      for (const key of record.of(agent.environmentId)) {
        const state = await record.load(key);
        if (state.status === 'opening' && failure !== null && isOf(failure, state.grant, agent, held)) {
          const { reason, detail } = failure;
          await record.run(key, { type: 'fail-to-open', credentialsId: state.grant.credentialsId, reason, detail }, record.following(key, context.actor));
        }
        if (state.status !== 'open') continue;
        if (state.grant.agentInstanceId !== agent.instanceId) {
          if (isGone(agent.environmentId, state.grant.agentInstanceId)) prove(key);
          continue;
        }
        if (held.includes(state.grant.credentialsId)) continue;
        await lose(key, state.grant.credentialsId, 'agent-reports-none', record.following(key, context.actor));
        // What still looks open is likely a dead connection: its end is not waited for.
        void control().drain(key, 'agent-reports-none');
      }
    },

    async resume(key) {
      const state = await record.load(key);
      if (state.status !== 'open' || state.holder.controlPlaneNode !== controlPlaneNode || state.holder.epoch === epoch) return;
      await lose(key, state.grant.credentialsId, 'server-restarted', record.system());
    },

    async close() {
      for (const key of record.all()) {
        const state = record.peek(key);
        if (state?.status !== 'open') continue;
        await lose(key, state.grant.credentialsId, 'control-plane-stopping', record.system()).catch((error: unknown) => {
          logger.warn({ err: error }, 'a tunnel that ends with this process could not be recorded');
        });
      }
    },
  };
}

/** Whether a failure is of these credentials. An agent that could not read them does not know their id: they are its own, and not among those it opens. */
function isOf(failure: NonNullable<Poll['tunnelFailure']>, { credentialsId, agentInstanceId }: Grant, { instanceId }: PresentAgent, held: readonly string[]): boolean {
  if (failure.credentialsId !== '') return failure.credentialsId === credentialsId;
  return agentInstanceId === instanceId && !held.includes(credentialsId);
}
