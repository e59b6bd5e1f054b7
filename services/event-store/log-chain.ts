/** The chain over the embedded store's groups: what checkpoints are signed over. An EventStoreDB has none. */

/** Where the chain stands. */
export interface ChainHead {
  /** The newest event's position; it ends a group. */
  readonly position: string;
  /** Events recorded so far, removed ones included. */
  readonly events: number;
  /** SHA-256 in lower-case hexadecimal. */
  readonly chain: string;
}

/** The chain of a log that has one. */
export interface LogChain {
  /** After all that was committed; undefined in an empty log. Throws EventStoreError `event-store-unavailable`. */
  head(): Promise<ChainHead | undefined>;
}
