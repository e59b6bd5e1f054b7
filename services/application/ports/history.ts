/** The record, for those who read it. */
import type { Instant } from '../../domain/events.ts';
import type { Position } from '../../event-store/port.ts';

/** Which events: all that is given must hold. */
export interface EventSelection {
  readonly stream?: string;
  /** One of these. */
  readonly categories?: readonly string[];
  /** One of these. */
  readonly types?: readonly string[];
  readonly environmentId?: string;
  /** Who: an actor, or what it begins with: `user:ann` or `ann` with all keys, `agent:<environment id>`, `system`. */
  readonly actor?: string;
  /** Leaves out AgentPolled, which is most of what is recorded. */
  readonly withoutPolls?: boolean;
  /** Leaves out what changed nothing, too: calls that only read, refusals, and what the control plane says of its own record. */
  readonly changesOnly?: boolean;
  /** Inclusive. */
  readonly from?: Instant;
  /** Exclusive. */
  readonly to?: Instant;
  /** Exclusive, in the direction of the order. */
  readonly after?: Position;
}

export interface EventQuery extends EventSelection {
  /** Oldest first by default. */
  readonly order?: 'asc' | 'desc';
  readonly limit: number;
  /** Leaves out what it is false for: the events of that environment, or those that concern none. Everything is shown by default. */
  readonly isVisible?: (environmentId: string | undefined) => boolean | Promise<boolean>;
}

/** An event as REST and the command line show it. */
export interface HistoryEvent {
  readonly id: string;
  readonly stream: string;
  readonly revision: number;
  readonly position: Position;
  readonly type: string;
  /** When it was decided. */
  readonly time: Instant;
  /** When it was appended. */
  readonly recordedAt: Instant;
  readonly data: unknown;
  readonly metadata: unknown;
}

/** Both throw unknown-event-type. */
export interface History {
  /** `next` goes on where this page ended, or is null at the end. A page may be short where much had to be searched. */
  list(query: EventQuery, signal?: AbortSignal): Promise<{ readonly events: readonly HistoryEvent[]; readonly next: Position | null }>;
  /** All that match, in pages, following live where asked. Ends by the signal, or once something is recorded after `to`. */
  stream(query: Omit<EventQuery, 'limit'>, options: { readonly follow: boolean; readonly signal: AbortSignal }): AsyncIterable<readonly HistoryEvent[]>;
}

/** The record as it leaves the installation, with what proves it. */
export interface EventExports {
  /** The bytes of an export of what is asked for, at the pace of whoever takes them. Throws unknown-event-type, what reading the store throws, and the signal's reason. */
  export(query: Omit<EventSelection, 'after'>, signal: AbortSignal): AsyncIterable<Uint8Array>;
}
