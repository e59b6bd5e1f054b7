/** The event-store port: EventStoreDB's semantics, in words of our own. Every adapter passes test/conformance/event-store.ts. */

/** What a writer believes about a stream: anything, that it has no events, that it has some, or its last revision (0-based). */
export type ExpectedRevision = 'any' | 'no-stream' | 'stream-exists' | number;

/** A place in the log of all streams. Opaque text that only its own store understands; compare with {@link EventReader.comparePositions}. */
export type Position = string;

/** An event to append. Its id is made by the caller, so that a retry after a lost answer appends nothing twice. */
export interface NewEvent {
  /** UUID in lower-case text. */
  readonly id: string;
  readonly type: string;
  /** JSON text. */
  readonly data: string;
  /** JSON text. */
  readonly metadata: string;
}

/** An event as it is recorded. `data` and `metadata` are the JSON text that was appended, byte for byte. */
export interface RecordedEvent extends NewEvent {
  readonly stream: string;
  /** 0-based place in its stream; never reused, also after deletion and expiry. */
  readonly revision: number;
  readonly position: Position;
  /** When the store recorded it, in milliseconds since 1970, by the store's clock. */
  readonly createdAtMs: number;
}

/** Why a store can't record. */
export interface Unavailability {
  readonly code: 'away' | 'disk-full';
  /** In words for operators; may name machines and files. */
  readonly reason: string;
}

/** What an append answers. */
export interface AppendResult {
  /** The revision of the stream's last event after the append. */
  readonly revision: number;
  /** The position of the last event appended. */
  readonly position: Position;
}

export interface AppendOptions {
  readonly expectedRevision: ExpectedRevision;
  /**
   * How long the store may hold the append back to write it together with others, in milliseconds (0 by default).
   * A store that groups by other means ignores it.
   */
  readonly windowMs?: number;
}

/** A stream's metadata. What is absent is unset. */
export interface StreamMetadata {
  /** Events older than this many seconds are hidden from stream reads at once, and removed later. */
  readonly maxAge?: number;
  /** Only so many of the newest events are shown by stream reads. */
  readonly maxCount?: number;
  /** Events before this revision are hidden from stream reads ($tb). A soft delete sets it past every revision. */
  readonly truncateBefore?: number;
  readonly cacheControl?: number;
  readonly acl?: unknown;
  /** Any other property, kept as it is. */
  readonly [custom: string]: unknown;
}

export interface MetadataResult {
  readonly metadata: StreamMetadata;
  /** The revision of the metadata stream, or undefined where none was ever set. */
  readonly revision: number | undefined;
}

export type Direction = 'forwards' | 'backwards';

export interface ReadStreamOptions {
  /** Forwards by default. */
  readonly direction?: Direction;
  /** Inclusive. The stream's start when forwards, its end when backwards, by default. */
  readonly from?: number | 'start' | 'end';
  /** At most so many events; all by default. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

/** Keeps events whose stream name, or whose type, begins with one of the prefixes. */
export type EventFilter = { readonly streamPrefixes: readonly string[] } | { readonly typePrefixes: readonly string[] };

export interface ReadAllOptions {
  readonly direction?: Direction;
  /** Inclusive; must be a position this store issued, else the read throws {@link EventStoreError} `invalid-position`. */
  readonly from?: Position | 'start' | 'end';
  readonly limit?: number;
  readonly filter?: EventFilter;
  readonly signal?: AbortSignal;
}

export interface SubscribeOptions<From> {
  /** Exclusive: the first event delivered is the one after it. 'end' delivers only what comes from now on. */
  readonly after: From | 'start' | 'end';
  readonly signal?: AbortSignal;
}

export interface SubscribeToAllOptions extends SubscribeOptions<Position> {
  readonly filter?: EventFilter;
}

/** What a subscription delivers, in log order without gap or repeat. */
export type SubscriptionMessage =
  | { readonly kind: 'events'; readonly events: readonly RecordedEvent[] }
  /** Everything up to the head of the log was delivered; what follows is live. */
  | { readonly kind: 'caught-up'; readonly position: Position | undefined }
  /** With a filter only: everything up to here was considered, so a resumption may start after it. */
  | { readonly kind: 'checkpoint'; readonly position: Position };

/**
 * The reading half of the port. Reads come in pages (arrays), because a page costs one trip and an event a few
 * microseconds; a page is never empty. A read whose signal aborts rejects with the signal's reason, so that a part is
 * never taken for the whole; a subscription just ends. A read ends where the log, or the stream, ended when it began.
 */
export interface EventReader {
  /**
   * Reads one stream. Yields nothing where `limit` is 0 or everything is hidden.
   * Throws {@link EventStoreError} `stream-not-found` (no such stream, or soft-deleted) or `stream-deleted` (tombstoned).
   */
  readStream(stream: string, options?: ReadStreamOptions): AsyncIterable<readonly RecordedEvent[]>;
  /** Reads the log of all streams: also events that stream reads already hide by age or count, until they are removed. System events (`$…`) are included. */
  readAll(options?: ReadAllOptions): AsyncIterable<readonly RecordedEvent[]>;
  /** Catches up, then follows live. Ends only by `signal` (quietly) or by an {@link EventStoreError}. */
  subscribeToAll(options: SubscribeToAllOptions): AsyncIterable<SubscriptionMessage>;
  /** As subscribeToAll, for one stream, which need not exist yet. Throws `stream-deleted`. */
  subscribeToStream(stream: string, options: SubscribeOptions<number>): AsyncIterable<SubscriptionMessage>;
  getStreamMetadata(stream: string): Promise<MetadataResult>;
  /** The position of the newest event, or undefined in an empty store. */
  headPosition(): Promise<Position | undefined>;
  /** How many places of the log lie after `a` up to `b`, also of events that are gone; left out where positions do not tell. Throws {@link EventStoreError} `invalid-position`. */
  countBetween?(a: Position | undefined, b: Position): number;
  /**
   * The position of the last event recorded before an instant (milliseconds since 1970, by the store's clock), found without reading what
   * lies between; undefined where there is none. Absent where the store has no such index: then one reads from an end.
   */
  positionBefore?(instantMs: number): Promise<Position | undefined>;
  /** Negative where `a` comes before `b`, 0 where they are the same. Throws {@link EventStoreError} `invalid-position`. */
  comparePositions(a: Position, b: Position): number;
  close(): Promise<void>;
}

/** The whole port. */
export interface EventStore extends EventReader {
  /**
   * Appends events to one stream, all or none, durably recorded when it resolves.
   *
   * Idempotent: where the ids already stand at the expected place the original result is answered and nothing is
   * written. With a revision or `no-stream` that holds for ever; with `any` and `stream-exists` only while a bounded
   * memory of recent ids remembers.
   * Throws `wrong-expected-revision`, `stream-deleted`, `append-too-large`, `event-store-unavailable`, `access-denied`;
   * TypeError where the calling code is wrong (no events, no name, an id that is no UUID).
   */
  append(stream: string, events: readonly NewEvent[], options: AppendOptions): Promise<AppendResult>;
  /** Replaces a stream's metadata. Throws as append does. */
  setStreamMetadata(
    stream: string,
    metadata: StreamMetadata,
    options?: { readonly expectedRevision?: ExpectedRevision },
  ): Promise<AppendResult>;
  /** Soft delete: reads say `stream-not-found`; a later append goes on numbering. */
  deleteStream(stream: string, options: { readonly expectedRevision: ExpectedRevision }): Promise<void>;
  /** Hard delete: every later operation on the stream says `stream-deleted`, for ever. */
  tombstoneStream(stream: string, options: { readonly expectedRevision: ExpectedRevision }): Promise<void>;
  /** Why the store can't record now; undefined where it can, as far as is known. */
  unavailability(): Unavailability | undefined;
  /** What another thread of this process needs to read the same store, with {@link ReaderSource.transfer} as transfer list. Made anew for each thread. */
  readerSource(): ReaderSource;
}

/** Passed to another thread by postMessage or workerData, and given to `openReader` there. */
export interface ReaderSource<Description extends ReaderDescription = ReaderDescription> {
  readonly description: Description;
  readonly transfer: readonly import('node:worker_threads').Transferable[];
}

/** Plain or transferable data; each adapter has its own kind. */
export type ReaderDescription = SqliteReaderDescription | EventStoreDbReaderDescription;

export interface SqliteReaderDescription {
  readonly kind: 'sqlite';
  /** The log's file. */
  readonly file: string;
  /** On it the writer announces each new head. */
  readonly heads: import('node:worker_threads').MessagePort;
}

export interface EventStoreDbReaderDescription {
  readonly kind: 'eventstoredb';
  /** With its password: for threads of this process alone. */
  readonly connectionString: string;
}

export type EventStoreErrorCode =
  | 'wrong-expected-revision'
  | 'stream-not-found'
  | 'stream-deleted'
  | 'append-too-large'
  | 'access-denied'
  /** A position that this store never gave. */
  | 'invalid-position'
  | 'event-store-unavailable'
  | 'event-store-corrupt';

/** The only error the port throws; recognise it by its code. */
export class EventStoreError extends Error {
  override readonly name = 'EventStoreError';
  readonly code: EventStoreErrorCode;
  readonly stream: string | undefined;
  readonly expectedRevision: ExpectedRevision | undefined;
  /** With `wrong-expected-revision`: the stream's last revision, or undefined where it has no events. */
  readonly actualRevision: number | undefined;
  /** With `event-store-unavailable`, of an append: it may have been recorded all the same. Otherwise it was not. */
  readonly isInDoubt: boolean;
  /** With `event-store-unavailable`: the store's disk is full. It goes on by itself once there is room. */
  readonly isDiskFull: boolean;

  constructor(
    code: EventStoreErrorCode,
    message: string,
    details: {
      readonly stream?: string;
      readonly expectedRevision?: ExpectedRevision;
      readonly actualRevision?: number;
      readonly isInDoubt?: boolean;
      readonly isDiskFull?: boolean;
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, { cause: details.cause });
    this.code = code;
    this.stream = details.stream;
    this.expectedRevision = details.expectedRevision;
    this.actualRevision = details.actualRevision;
    this.isInDoubt = details.isInDoubt ?? false;
    this.isDiskFull = details.isDiskFull ?? false;
  }
}
