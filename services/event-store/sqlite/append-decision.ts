/** Judges an append by what its stream looks like: write it, answer as before, or refuse. EventStoreDB's rules. */
import { EventStoreError, type ExpectedRevision } from '../port.ts';
import type { StreamHead } from './stream-heads.ts';

/** An event that is already recorded, or will be by the batch under way. */
export interface KnownEvent {
  readonly id: string;
  readonly position: number;
}

/** What a decision may have to look up. */
export interface AppendLookups {
  /** The event at a revision of the stream; undefined where it was removed. */
  eventAt(head: StreamHead, revision: number): KnownEvent | undefined;
  /** A recent event by its id. */
  recent(id: string): (KnownEvent & { readonly head: StreamHead; readonly revision: number }) | undefined;
}

export type AppendDecision =
  | { readonly kind: 'write' }
  /** Nothing is written; the last of the events stands at `revision`. */
  | { readonly kind: 'repeated'; readonly revision: number; readonly event: KnownEvent };

const write: AppendDecision = { kind: 'write' };

/** Throws {@link EventStoreError} `wrong-expected-revision` or `stream-deleted`. */
export function decideAppend(
  head: StreamHead,
  events: readonly { readonly id: string }[],
  expected: ExpectedRevision,
  lookups: AppendLookups,
): AppendDecision {
  if (head.tombstoned) throw streamDeleted(head.name);
  if (expected === 'any' || expected === 'stream-exists') return decideUnnumbered(head, events, expected, lookups);
  const expectedRevision = expected === 'no-stream' ? -1 : expected;
  if (expectedRevision === head.revision) return write;
  if (expectedRevision > head.revision) throw wrongRevision(head, expected);

  let last: KnownEvent | undefined;
  for (const [index, { id }] of events.entries()) {
    const recorded = lookups.eventAt(head, expectedRevision + 1 + index);
    if (recorded?.id !== id) {
      // A soft-deleted stream is as good as none, unless this very append made it.
      if (index === 0 && expected === 'no-stream' && head.softDeleted) return write;
      throw wrongRevision(head, expected);
    }
    last = recorded;
  }
  if (last === undefined) throw wrongRevision(head, expected);
  return { kind: 'repeated', revision: expectedRevision + events.length, event: last };
}

function decideUnnumbered(
  head: StreamHead,
  events: readonly { readonly id: string }[],
  expected: 'any' | 'stream-exists',
  lookups: AppendLookups,
): AppendDecision {
  if (expected === 'stream-exists') {
    if (head.softDeleted) throw streamDeleted(head.name);
    if (head.revision < 0 && head.metadata === undefined) throw wrongRevision(head, expected);
  }
  let last: ReturnType<AppendLookups['recent']>;
  for (const [index, { id }] of events.entries()) {
    const recent = lookups.recent(id);
    if (recent?.head !== head) {
      if (index === 0) return write;
      // The first is known and a later one isn't: this is no retry, and writing it would record the first twice.
      throw wrongRevision(head, expected);
    }
    last = recent;
  }
  return last === undefined ? write : { kind: 'repeated', revision: last.revision, event: last };
}

function streamDeleted(stream: string): EventStoreError {
  return new EventStoreError('stream-deleted', `The stream ${stream} was deleted for ever.`, { stream });
}

function wrongRevision(head: StreamHead, expectedRevision: ExpectedRevision): EventStoreError {
  const actual = head.revision < 0 ? 'it has no events' : `its last revision is ${head.revision}`;
  return new EventStoreError('wrong-expected-revision', `The stream ${head.name} was expected at ${expectedRevision}, but ${actual}.`, {
    stream: head.name,
    expectedRevision,
    ...(head.revision < 0 ? {} : { actualRevision: head.revision }),
  });
}
