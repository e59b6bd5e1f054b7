/** Follows each stream's revisions through the log: they go up by one, but for what was removed. */
import { nameEvent, type LogProblem, type NamedEvent } from './log-verification.ts';

export interface SequencedEvent {
  readonly position: number;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly id: string;
}

export interface EventSequence {
  /** The next event of the log. Answers what is wrong with its place in its stream. */
  next(event: SequencedEvent): LogProblem | undefined;
  /** Notes that the event at a position is missing. Once its stream goes on, `namesOfMissing` knows more. */
  missing(position: number): void;
  /** What is known now of missing events. */
  namesOfMissing(): ReadonlyMap<number, NamedEvent>;
}

interface Seen {
  readonly revision: number;
  readonly position: number;
}

/** `removedThrough` is the revision up to which a stream's events may have gone by expiry or scavenge; -1 for none. */
export function createEventSequence(deps: { removedThrough(stream: string): number }): EventSequence {
  const seen = new Map<string, Seen>();
  const missing = new Set<number>();
  const names = new Map<number, NamedEvent>();

  /** A gap that is as wide as the number of missing events before it is theirs. */
  const explainGap = (before: Seen | undefined, { stream, revision, position }: SequencedEvent): boolean => {
    const firstGone = (before?.revision ?? -1) + 1;
    const candidates = [...missing].filter((gone) => gone > (before?.position ?? 0) && gone < position).toSorted((a, b) => a - b);
    if (candidates.length < revision - firstGone) return false;
    if (candidates.length === revision - firstGone) {
      for (const [index, gone] of candidates.entries()) {
        names.set(gone, { position: gone, stream, revision: firstGone + index });
        missing.delete(gone);
      }
    }
    return true;
  };

  return {
    next: (event) => {
      const { stream, revision, position, type, id } = event;
      const before = seen.get(stream);
      seen.set(stream, { revision, position });
      const expected = (before?.revision ?? -1) + 1;
      if (revision === expected || (revision > expected && revision <= deps.removedThrough(stream) + 1)) return undefined;
      if (revision > expected && explainGap(before, event)) return undefined;
      const named = { position, stream, revision, type, id };
      const what = revision > expected ? `revision ${expected} of its stream is missing before it` : `its stream is at revision ${expected} already`;
      return { kind: revision > expected ? 'missing' : 'inserted', message: `${nameEvent(named).replace(/^t/, 'T')}: ${what}.`, event: named };
    },
    missing: (position) => {
      // So many missing events are not told apart by their streams any more.
      if (missing.size < 1_000) missing.add(position);
    },
    namesOfMissing: () => names,
  };
}
