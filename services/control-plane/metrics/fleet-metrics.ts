/** Agents, their polls, and environments. */
import type { EnvironmentQueries, EnvironmentStatus } from '../../../projections/port.ts';
import type { Application } from '../../application/application.ts';
import type { Numbers, Readings } from './readings.ts';

export interface FleetParts {
  readonly application: Pick<Application, 'tallies' | 'agentsConnected' | 'pollsBuffered' | 'tunnels'>;
  readonly projections: { readonly environments: Pick<EnvironmentQueries, 'list'> };
}

const STATUSES: readonly EnvironmentStatus[] = ['unassociated', 'never', 'up', 'down', 'duplicate'];

export function declareFleet(readings: Readings, { application, projections }: FleetParts): void {
  const { tallies } = application;
  readings.counter('homeport_polls_total', 'Polls taken from agents that were let in.', () => tallies.polls);
  readings.counters('homeport_poll_rejections_total', 'Introductions and polls that were refused, by reason.', 'reason', () => tallies.pollsRejected);
  readings.counter('homeport_polls_lost_total', 'Polls that will never be recorded.', () => tallies.pollsLost);
  readings.gauge('homeport_polls_buffered', 'Polls that wait to be recorded.', () => application.pollsBuffered());
  readings.gauge('homeport_agents_connected', 'Agents whose poll call is open.', () => application.agentsConnected());
  readings.counter('homeport_heartbeats_lost_total', 'Environments that went down.', () => tallies.heartbeatsLost);
  readings.gauges('homeport_environments', 'Environments, by status.', 'status', () => countByStatus(projections.environments));
}

async function countByStatus(environments: Pick<EnvironmentQueries, 'list'>): Promise<Numbers> {
  const counts = STATUSES.map(async (status) => [status, (await environments.list({ status, limit: 1 })).total] as const);
  return Object.fromEntries(await Promise.all(counts));
}
