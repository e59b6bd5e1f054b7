/** How the event store takes what is appended, measured where the process calls it. */
import { Counter, Histogram, type Registry } from 'prom-client';
import type { OpenedEventStore } from '../../event-store/open.ts';
import { EventStoreError } from '../../event-store/port.ts';

export interface StoreMetrics {
  /** The same store, its appends measured. */
  measured(store: OpenedEventStore): OpenedEventStore;
}

export function createStoreMetrics(registry: Registry): StoreMetrics {
  const durations = new Histogram({
    name: 'homeport_event_store_append_duration_seconds',
    help: 'Appends until they are durable, or have failed.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers: [registry],
  });
  const failures = new Counter({
    name: 'homeport_event_store_append_failures_total',
    help: 'Appends that failed, by code; that somebody else was first is none.',
    labelNames: ['code'],
    registers: [registry],
  });
  return {
    measured: (store) => ({
      ...store,
      async append(stream, events, options) {
        const startedAtMs = performance.now();
        try {
          return await store.append(stream, events, options);
        } catch (error) {
          const code = error instanceof EventStoreError ? error.code : 'unforeseen';
          if (code !== 'wrong-expected-revision') failures.inc({ code });
          throw error;
        } finally {
          durations.observe((performance.now() - startedAtMs) / 1000);
        }
      },
    }),
  };
}
