/** What a fleet and its processes say to each other. */
import type { FleetCounts } from './fleet-tally.ts';

/** Whom the agents trust with their tokens: authorities, or whoever proves to be of the installation (docs/protocol.md, bindings). */
export type FleetTrust = { readonly kind: 'authorities'; readonly caPem: string | undefined } | { readonly kind: 'binding' };

/** An agent to simulate. */
export interface FleetAgent {
  readonly name: string;
  readonly edgeId: string;
  /** Secret. */
  readonly joinToken: string;
  readonly bringsSnapshots: boolean;
}

/** To a process: its agents, who join over so many milliseconds. */
export interface FleetOrder {
  readonly agents: readonly FleetAgent[];
  readonly trust: FleetTrust;
  readonly joinMs: number;
}

export type FleetQuestion = { readonly kind: 'run'; readonly order: FleetOrder } | { readonly kind: 'figures' } | { readonly kind: 'stop' };

/** From a process. */
export interface WorkerFigures {
  readonly counts: FleetCounts;
  /** Since the start. */
  readonly bytes: number;
  /** Since the last time. */
  readonly attempts: readonly (readonly [bin: number, count: number])[];
}

export type FleetAnswer = { readonly kind: 'running' } | { readonly kind: 'figures'; readonly figures: WorkerFigures } | { readonly kind: 'stopped' };
