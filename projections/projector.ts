/** Follows the log and keeps the read models up to it. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EventReader, Position } from '../services/event-store/port.ts';
import type { ChangeCollector, CollectedChanges } from './changes/change-collector.ts';
import type { Fold } from './fold.ts';

export interface ProjectorOptions {
  readonly reader: EventReader;
  readonly fold: Fold;
  readonly changes: ChangeCollector;
  /** How long polls may wait to be written together, in milliseconds, once live. */
  readonly pollFoldMs: number;
  readonly signal: AbortSignal;
  /** After each commit. `isCaughtUp` is true from when the head of the log was reached first; `collected` is what the commit changed. */
  readonly onApplied: (position: Position | undefined, isCaughtUp: boolean, collected: CollectedChanges) => void;
}

/**
 * What a commit carries while catching up, at most: so many events, or characters of their data. More fold more polls into one row; fewer
 * answer sooner to a request to stop, and hold less in memory.
 */
const eventsPerCommit = 200_000;
const charactersPerCommit = 32 * 1024 * 1024;

/** Runs until the signal aborts; what was taken is committed then. Throws what the store or SQLite throws, or what an event that can't be read throws. */
export async function runProjector({ reader, fold, changes, pollFoldMs, signal, onApplied }: ProjectorOptions): Promise<void> {
  const failing = new AbortController();
  let failure: { readonly error: unknown } | undefined;
  let isCaughtUp = false;
  let timer: NodeJS.Timeout | undefined;

  function commit(): void {
    clearTimeout(timer);
    timer = undefined;
    onApplied(fold.commit(), isCaughtUp, changes.drain());
  }

  function commitLater(): void {
    timer ??= setTimeout(() => {
      try {
        commit();
      } catch (error) {
        failure = { error };
        failing.abort();
      }
    }, pollFoldMs);
  }

  try {
    const subscription = reader.subscribeToAll({ after: fold.committed ?? 'start', signal: AbortSignal.any([signal, failing.signal]) });
    for await (const message of subscription) {
      if (message.kind === 'events') {
        fold.take(message.events);
        changes.take(message.events);
        if (fold.pending >= eventsPerCommit || fold.pendingCharacters >= charactersPerCommit || (isCaughtUp && fold.isUrgent)) {
          commit();
          // A store read within this thread would let nothing else have its turn.
          if (!isCaughtUp) await nextTurn();
        } else if (isCaughtUp) {
          commitLater();
        }
      } else if (message.kind === 'caught-up') {
        isCaughtUp = true;
        const applied = fold.pending > 0 ? fold.commit() : fold.committed;
        // The head may be beyond the last event there is, where the newest ones have expired.
        onApplied(message.position ?? applied, isCaughtUp, changes.drain());
      }
    }
    if (failure !== undefined) throw failure.error;
    if (fold.pending > 0) commit();
  } finally {
    clearTimeout(timer);
  }
}
