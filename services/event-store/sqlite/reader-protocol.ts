/** What the thread that holds the store and a reading thread say to each other. Pages travel flat: see writer-protocol.ts. */
import type { MetadataResult, RecordedEvent } from '../port.ts';
import type { AllPageQuery, StreamPageQuery } from './log-reader.ts';
import type { FlatError } from './writer-protocol.ts';

export type ToReader =
  /** First of all: the log's file, which exists by now. The thread starts before, beside the writer's. */
  | { readonly kind: 'open'; readonly file: string }
  | { readonly kind: 'all'; readonly ticket: number; readonly query: AllPageQuery }
  | { readonly kind: 'stream'; readonly ticket: number; readonly query: StreamPageQuery }
  | { readonly kind: 'metadata'; readonly ticket: number; readonly stream: string }
  | { readonly kind: 'position-before'; readonly ticket: number; readonly instantMs: number }
  | { readonly kind: 'close' };

export type FromReader =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'page';
      readonly ticket: number;
      readonly flat: FlatEvents;
      readonly next: number | undefined;
      readonly lastRevision: number | undefined;
    }
  | { readonly kind: 'metadata'; readonly ticket: number; readonly result: MetadataResult }
  | { readonly kind: 'position'; readonly ticket: number; readonly position: number }
  | { readonly kind: 'failed'; readonly ticket: number; readonly error: FlatError }
  | { readonly kind: 'unopened'; readonly error: FlatError };

/** Eight values for each event. */
export type FlatEvents = (string | number)[];

/** For the way to the other thread. */
export function flattenEvents(events: readonly RecordedEvent[]): FlatEvents {
  const flat: FlatEvents = [];
  for (const { id, type, data, metadata, stream, revision, position, createdAtMs } of events) {
    flat.push(id, type, data, metadata, stream, revision, position, createdAtMs);
  }
  return flat;
}

/** The same events on this side. */
export function unflattenEvents(flat: FlatEvents): RecordedEvent[] {
  const events: RecordedEvent[] = [];
  for (let at = 0; at < flat.length; at += 8) {
    events.push({
      id: flat[at] as string,
      type: flat[at + 1] as string,
      data: flat[at + 2] as string,
      metadata: flat[at + 3] as string,
      stream: flat[at + 4] as string,
      revision: flat[at + 5] as number,
      position: flat[at + 6] as string,
      createdAtMs: flat[at + 7] as number,
    });
  }
  return events;
}
