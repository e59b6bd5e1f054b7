/** How long the gateway's requests and proxied calls take. */
import { Gauge, Histogram, type Registry } from 'prom-client';
import type { FollowedStream, GatewayMetrics } from '../../../web-gateway/gateway-metrics.ts';

/** Few, for there is a series for each of them, each route and each status. */
const REQUEST_BUCKETS = [0.005, 0.025, 0.1, 0.5, 2.5, 10];
/** Each is there from the start, at 0. */
const STREAMS: readonly FollowedStream[] = ['live', 'exec', 'attach', 'logs', 'stats', 'engine-events'];
const CALL_BUCKETS = [0.01, 0.05, 0.25, 1, 5, 30, 300];

export function createRequestMetrics(registry: Registry): Pick<GatewayMetrics, 'requestEnded' | 'dockerCallEnded' | 'streamOpened'> {
  const requests = new Histogram({
    name: 'homeport_http_request_duration_seconds',
    help: 'REST requests, from their header to the end of their answer, by route.',
    labelNames: ['method', 'route', 'status'],
    buckets: REQUEST_BUCKETS,
    registers: [registry],
  });
  const calls = new Histogram({
    name: 'homeport_docker_call_duration_seconds',
    help: 'Calls of the Docker proxy, the wait for the tunnel included; streams (exec, attach, logs and the like) last as long as they are followed.',
    labelNames: ['kind', 'outcome'],
    buckets: CALL_BUCKETS,
    registers: [registry],
  });
  const streams = new Gauge({
    name: 'homeport_streams',
    help: 'Live clients, and WebSockets to containers, that are open now.',
    labelNames: ['kind'],
    registers: [registry],
  });
  for (const kind of STREAMS) streams.set({ kind }, 0);
  return {
    requestEnded: ({ method, route, status, durationMs }) => requests.observe({ method, route, status }, durationMs / 1000),
    dockerCallEnded: ({ kind, outcome, durationMs }) => calls.observe({ kind, outcome }, durationMs / 1000),
    streamOpened(kind) {
      streams.inc({ kind });
      return () => streams.dec({ kind });
    },
  };
}
