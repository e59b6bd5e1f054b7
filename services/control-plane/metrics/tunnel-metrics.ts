/** Tunnels, and what goes through them. */
import { Histogram, type Registry } from 'prom-client';
import type { Application } from '../../application/application.ts';
import type { TunnelTraffic } from '../../tunnels/traffic.ts';
import type { Readings } from './readings.ts';

export interface TunnelParts {
  readonly application: Pick<Application, 'tallies' | 'tunnels'>;
  readonly traffic: Readonly<TunnelTraffic>;
}

/** Declares how long tunnels take to open, and answers who is told of each. */
export function createTunnelOpenTimes(registry: Registry): (afterMs: number) => void {
  const histogram = new Histogram({
    name: 'homeport_tunnel_open_duration_seconds',
    help: 'From when a tunnel was required, or lost while it was, until it was open.',
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120],
    registers: [registry],
  });
  return (afterMs) => histogram.observe(afterMs / 1000);
}

export function declareTunnels(readings: Readings, { application, traffic }: TunnelParts): void {
  const { tallies, tunnels } = application;
  readings.gauges('homeport_tunnels', 'Tunnels that are not closed, by state.', 'state', () => tunnels.countByState());
  readings.counter('homeport_tunnels_required_total', 'Times that a tunnel was required.', () => tallies.tunnelsRequired);
  readings.counter('homeport_tunnels_opened_total', 'Tunnels opened.', () => tallies.tunnelsOpened);
  readings.counter('homeport_tunnel_open_failures_total', 'Attempts to open a tunnel that came to nothing.', () => tallies.tunnelsNotOpened);
  readings.counter('homeport_tunnels_closed_total', 'Tunnels that ended in order.', () => tallies.tunnelsClosed);
  readings.counters('homeport_tunnels_lost_total', 'Tunnels that were lost, by reason.', 'reason', () => tallies.tunnelsLost);
  readings.counters('homeport_tunnel_credentials_refused_total', 'Tunnel credentials that were refused, by reason.', 'reason', () => tallies.credentialsRefused);
  readings.gauge('homeport_channels', 'Channels open through tunnels.', () => traffic.channels);
  readings.counter('homeport_channels_opened_total', 'Channels opened through tunnels.', () => traffic.channelsOpened);
  readings.counter('homeport_channel_dial_failures_total', 'Dials through a tunnel that came to nothing.', () => traffic.dialsFailed);
  readings.counter('homeport_tunnel_sent_bytes_total', 'Bytes of channels sent to agents.', () => traffic.bytesSent);
  readings.counter('homeport_tunnel_received_bytes_total', 'Bytes of channels received from agents.', () => traffic.bytesReceived);
}
