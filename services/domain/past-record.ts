/** What a starting process needs to know of the past: the read models answer it, the application takes up from it. */
import type { Instant } from './events.ts';

/** An agent as the record knows it. */
export interface PastAgent {
  readonly environmentId: string;
  readonly node: string;
  readonly instanceId: string;
  readonly lastSequence: number;
  readonly lastPolledAt: Instant | null;
  readonly heartbeat: 'never' | 'up' | 'down';
  /** The environment's own; null where it follows the settings. */
  readonly pollIntervalSeconds: number | null;
}

/** The last snapshot of a node. */
export interface PastSnapshot {
  readonly environmentId: string;
  /** The Swarm node, or null. */
  readonly node: string | null;
  readonly takenAt: Instant;
}

/** In pages, so that a large fleet is no burden. */
export interface PastRecord {
  /** Every environment that was not removed. */
  environmentNames(): AsyncIterable<readonly { readonly environmentId: string; readonly name: string }[]>;
  /**
   * The last recorded poll of every agent, with the heartbeat its environment had. An agent that was restarted appears
   * with its instance before, too. The rows of an environment come one after the other, the one that polled last at the end.
   */
  agents(): AsyncIterable<readonly PastAgent[]>;
  /** The last snapshot of every node that has one. */
  snapshots(): AsyncIterable<readonly PastSnapshot[]>;
  /** Every tunnel that is not closed. */
  unclosedTunnels(): AsyncIterable<readonly { readonly environmentId: string; readonly node: string | null }[]>;
  /** Whether any call that an `activity-…` stream tells of has no end. */
  hasCallsUnderWay(activityStream: string): Promise<boolean>;
}
