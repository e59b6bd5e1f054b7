/** The metrics of one control-plane process: what is measured as it happens, what is read when it is asked for, and the text of both. */
import { Registry } from 'prom-client';
import type { GatewayMetrics } from '../../../web-gateway/gateway-metrics.ts';
import { declareFleet, type FleetParts } from './fleet-metrics.ts';
import { declareProcess, type ProcessParts } from './process-metrics.ts';
import { createReadings } from './readings.ts';
import { declareRecord, type RecordParts } from './record-metrics.ts';
import { createRequestMetrics } from './request-metrics.ts';
import { createStoreMetrics, type StoreMetrics } from './store-metrics.ts';
import { createTunnelOpenTimes, declareTunnels, type TunnelParts } from './tunnel-metrics.ts';

/** The parts whose numbers are read. */
export type MeasuredParts = FleetParts & TunnelParts & RecordParts & ProcessParts;

export interface MetricDescription {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
}

export interface Metrics {
  readonly gateway: GatewayMetrics;
  readonly store: StoreMetrics;
  /** A tunnel is open, so many milliseconds after it was required or lost. */
  readonly tunnelOpened: (afterMs: number) => void;
  /** Reads these parts from now on, each time somebody asks. Once. */
  watch(parts: MeasuredParts): void;
  /** Each metric, for who documents or tests them; the parts' own once they are watched. */
  described(): readonly MetricDescription[];
}

/** Creates them; every name begins with `homeport_`, and docs/metrics.md has each. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  return {
    gateway: {
      ...createRequestMetrics(registry),
      exposition: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
    },
    store: createStoreMetrics(registry),
    tunnelOpened: createTunnelOpenTimes(registry),
    watch(parts) {
      const readings = createReadings(registry);
      declareFleet(readings, parts);
      declareTunnels(readings, parts);
      declareRecord(readings, parts);
      declareProcess(registry, readings, parts);
    },
    described: () => registry.getMetricsAsArray().map((metric) => ({ name: metric.name, type: String(metric.type), labels: labelsOf(metric) })),
  };
}

/** prom-client has them on each metric, and leaves them out of its types. */
function labelsOf(metric: object): readonly string[] {
  return 'labelNames' in metric && Array.isArray(metric.labelNames) ? metric.labelNames.map(String).filter((name) => name !== 'le') : [];
}
