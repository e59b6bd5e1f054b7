/** Use cases of tunnels, put together: required, asked for, opened, lost, idle and closed. */
import type { Logger } from 'pino';
import type { TunnelEvent } from '../domain/events.ts';
import { environmentTunnel, type TunnelKey } from '../domain/tunnel-key.ts';
import type { TunnelCommand, TunnelState } from '../domain/tunnel.ts';
import type { Aggregates } from './aggregates.ts';
import type { Clock } from './clock.ts';
import type { EnvironmentStreams } from './environment-streams.ts';
import { loadKnownEnvironment } from './known-environment.ts';
import { nodeAskedFor } from './node-asked-for.ts';
import type { CommandContext } from './ports/command-context.ts';
import type { Connections } from './ports/connections.ts';
import type { SettingsAccess } from './ports/settings.ts';
import type { OpenedTunnel, TunnelControl, TunnelGate } from './ports/tunnel-gate.ts';
import type { PresentAgent, Presence } from './presence.ts';
import type { Refusals } from './refusals.ts';
import type { ApplicationTallies } from './tallies.ts';
import { createTunnelAsking, type TunnelAsking } from './tunnel-asking.ts';
import { createTunnelIdleClose } from './tunnel-idle-close.ts';
import { createTunnelLosses, type TunnelLosses } from './tunnel-losses.ts';
import { createTunnelOpenings } from './tunnel-opening.ts';
import { createTunnelRecord } from './tunnel-record.ts';
import { createTunnelRequirements, type TunnelRequirements } from './tunnel-requirements.ts';
import { createTunnelWatch } from './tunnel-watch.ts';
import { createWaiters } from './waiters.ts';

export interface Tunnels
  extends Connections, TunnelGate, Pick<TunnelAsking, 'credentialsFor' | 'left'>, Pick<TunnelLosses, 'reconcile'>, Pick<TunnelRequirements, 'end'> {
  /** Whether the agent's environment needs any tunnel; cheap, for the poll path. */
  isNeeded(environmentId: string): boolean;
  /** Takes up a tunnel the record says is not closed; one of an earlier process of this node is lost as `server-restarted`. */
  resume(key: TunnelKey): Promise<void>;
  /** The instance of the agent that holds the environment's own tunnel, or is about to open it. */
  holderOf(environmentId: string): string | undefined;
  /** How many are required, opening and open; those that are closed are not counted. */
  countByState(): Record<Exclude<TunnelState['status'], 'closed'>, number>;
  /** Marks what is open as lost with this process. */
  close(): Promise<void>;
}

/** Creates the use cases. `tell` makes the polls' edge ask {@link Tunnels.credentialsFor} for a connected agent at once. */
export function createTunnels(deps: {
  readonly aggregates: Aggregates<TunnelState, TunnelCommand, TunnelEvent>;
  readonly environments: Pick<EnvironmentStreams, 'load' | 'peek'>;
  readonly presence: Presence;
  readonly settings: SettingsAccess;
  readonly refusals: Refusals;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly controlPlaneNode: string;
  /** This process; a new one at each start. */
  readonly epoch: string;
  readonly control: () => TunnelControl;
  readonly tell: (agent: PresentAgent, context: CommandContext) => void;
  /** An idle tunnel is about to be recorded as closed, which was allowed at `decidedAtMs`: its last snapshot must stand before. Never throws. */
  readonly beforeClosed: (tunnel: OpenedTunnel, decidedAtMs: number) => Promise<void>;
  readonly tallies: ApplicationTallies;
  /** A tunnel is open, so many milliseconds after it was required or lost. */
  readonly onOpened: (afterMs: number) => void;
}): Tunnels {
  const { aggregates, environments, presence, settings, refusals, clock, logger, controlPlaneNode, epoch, control, tell, beforeClosed, tallies, onOpened } = deps;
  const record = createTunnelRecord({ aggregates, clock, logger, controlPlaneNode });
  const waiters = createWaiters(clock);
  const asking = createTunnelAsking({ record, environments, presence, clock, tell });
  const openings = createTunnelOpenings({ record, environments, settings, refusals, clock, controlPlaneNode, epoch, tallies });
  const idleClose = createTunnelIdleClose({ record, waiters, clock, logger, beforeClosed });
  const requirements = createTunnelRequirements({ record, asking, idleClose, waiters, environments, presence, settings, clock, logger, control });
  const losses = createTunnelLosses({ record, environments, clock, logger, controlPlaneNode, epoch, control });
  const watch = createTunnelWatch({ tallies, clock, onOpened });

  aggregates.onRecorded((stream, { events, state }) => {
    const [first] = events;
    if (first === undefined) return;
    watch.recorded(stream, events, state);
    const key = { environmentId: first.data.environmentId, node: first.data.node };
    for (const event of events) {
      asking.recorded(key, event);
      openings.recorded(key, event);
    }
    if (state.status === 'closed') {
      const cause = record.cause(key);
      record.forget(key);
      requirements.closed(key, events, cause);
    } else {
      record.keep(key);
    }
    // Whoever lost a tunnel that is still required, or could not open it: ask again, at once.
    if (state.status === 'required') asking.askNext(key);
  });

  const { require, waitUntilOpen, disconnect, keepAlive, ready, end } = requirements;
  const { credentialsFor, left } = asking;
  const { open, refuseMalformed } = openings;
  const { mayClose, closed } = idleClose;
  const { lost, reconcile } = losses;

  return {
    require,
    waitUntilOpen,
    disconnect,
    keepAlive,
    ready,
    end,
    credentialsFor,
    left,
    open,
    refuseMalformed,
    mayClose,
    closed,
    lost,
    reconcile,

    async keyOf(environmentId, asked) {
      if (asked === null) return environmentTunnel(environmentId);
      const { agents } = await loadKnownEnvironment(environments, environmentId);
      return { environmentId, node: nodeAskedFor(asked, [...agents.values()], (nodeId) => presence.present(environmentId, nodeId).length > 0) };
    },

    async status(key) {
      const { status, since, lastFailure } = await record.load(key);
      return { state: status, since, lastFailure };
    },

    isNeeded: (environmentId) => record.hasAny(environmentId),

    async resume(key) {
      const state = await record.load(key);
      if (state.status === 'closed') return;
      record.keep(key);
      if ('grant' in state) openings.issued(key, state.grant.credentialsId);
      if (state.status === 'opening') asking.expireInTime(key, state.grant);
      await losses.resume(key);
    },

    holderOf(environmentId) {
      const state = record.peek(environmentTunnel(environmentId));
      return state?.status === 'opening' || state?.status === 'open' ? state.grant.agentInstanceId : undefined;
    },

    countByState() {
      const counts = { required: 0, opening: 0, open: 0 };
      for (const key of record.all()) {
        const status = record.peek(key)?.status ?? 'closed';
        if (status !== 'closed') counts[status] += 1;
      }
      return counts;
    },

    async close() {
      requirements.close();
      await losses.close();
    },
  };
}
