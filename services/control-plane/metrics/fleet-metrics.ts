/** Agents, their polls, and environments. */
import type { EnvironmentStatus, FleetQueries } from '../../../projections/port.ts';
import type { Application } from '../../application/application.ts';
import type { Readings } from './readings.ts';

export interface FleetParts {
  readonly application: Pick<Application, 'tallies' | 'agentsConnected' | 'pollsBuffered' | 'tunnels'>;
  readonly projections: { readonly fleet: Pick<FleetQueries, 'counts'> };
}

const none: Readonly<Record<EnvironmentStatus, number>> = { unassociated: 0, never: 0, up: 0, down: 0, duplicate: 0 };

export function declareFleet(readings: Readings, { application, projections }: FleetParts): void {
  const { tallies } = application;
  readings.counter('homeport_polls_total', 'Polls taken from agents that were let in.', () => tallies.polls);
  readings.counters('homeport_poll_rejections_total', 'Introductions and polls that were refused, by reason.', 'reason', () => tallies.pollsRejected);
  readings.counter('homeport_polls_lost_total', 'Polls that will never be recorded.', () => tallies.pollsLost);
  readings.gauge('homeport_polls_buffered', 'Polls that wait to be recorded.', () => application.pollsBuffered());
  readings.gauge('homeport_agents_connected', 'Agents whose poll call is open.', () => application.agentsConnected());
  readings.counter('homeport_heartbeats_lost_total', 'Environments that went down.', () => tallies.heartbeatsLost);
  readings.gauges('homeport_environments', 'Environments, by status.', 'status', async () => ({ ...none, ...(await projections.fleet.counts()).byStatus }));
}
