/** Metrics whose values somebody keeps anyway: they are read when they are asked for, and cost nothing in between. */
import { Counter, Gauge, type Registry } from 'prom-client';

/** A value for each value of the one label. */
export type Numbers = Readonly<Record<string, number>>;

/** Declares metrics in one registry. What can't be read leaves its metric without samples, and the others alone. */
export interface Readings {
  /** Without a sample where `read` answers undefined. */
  gauge(name: string, help: string, read: () => number | undefined | Promise<number | undefined>): void;
  counter(name: string, help: string, read: () => number | undefined): void;
  gauges(name: string, help: string, label: string, read: () => Numbers | Promise<Numbers>): void;
  counters(name: string, help: string, label: string, read: () => Numbers): void;
}

/** Creates the declarations. */
export function createReadings(registry: Registry): Readings {
  const registers = [registry];

  return {
    gauge(name, help, read) {
      const gauge = new Gauge({
        name,
        help,
        registers,
        async collect() {
          const value = await unlessUnreadable(read);
          if (value === undefined) gauge.remove();
          else gauge.set(value);
        },
      });
    },

    counter(name, help, read) {
      const counter = new Counter({
        name,
        help,
        registers,
        collect() {
          const value = read();
          counter.remove();
          if (value !== undefined) counter.inc(value);
        },
      });
    },

    gauges(name, help, label, read) {
      const gauge = new Gauge({
        name,
        help,
        registers,
        labelNames: [label],
        async collect() {
          const values = await unlessUnreadable(read);
          gauge.reset();
          for (const [key, value] of Object.entries(values ?? {})) gauge.set({ [label]: key }, value);
        },
      });
    },

    counters(name, help, label, read) {
      const counter = new Counter({
        name,
        help,
        registers,
        labelNames: [label],
        collect() {
          counter.reset();
          for (const [key, value] of Object.entries(read())) counter.inc({ [label]: key }, value);
        },
      });
    },
  };
}

async function unlessUnreadable<Value>(read: () => Value | Promise<Value>): Promise<Value | undefined> {
  try {
    return await read();
  } catch {
    return undefined;
  }
}
