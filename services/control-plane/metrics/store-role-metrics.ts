/** The metrics of a process that runs the store alone: how it takes appends, who reads it, and the process itself. */
import { Registry } from 'prom-client';
import { declareProcess, type ProcessParts } from './process-metrics.ts';
import { createReadings } from './readings.ts';
import { declareServedStore, type ServedStoreParts } from './served-store-metrics.ts';
import { createStoreMetrics, type StoreMetrics } from './store-metrics.ts';

/** Of docs/metrics.md, those that a store has. */
export interface StoreRoleMetrics {
  readonly store: StoreMetrics;
  /** Reads these parts from now on, each time somebody asks. Once. */
  watch(parts: ServedStoreParts & ProcessParts): void;
  /** All of them, in Prometheus' text format. */
  exposition(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/** Creates them. */
export function createStoreRoleMetrics(): StoreRoleMetrics {
  const registry = new Registry();
  return {
    store: createStoreMetrics(registry),
    watch(parts) {
      const readings = createReadings(registry);
      declareServedStore(readings, parts);
      declareProcess(registry, readings, parts);
    },
    exposition: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}
