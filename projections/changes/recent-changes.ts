/** The last changes of the read models, kept in memory for whoever follows them, each at its own pace. */
import type { Position } from '../../services/event-store/port.ts';
import type { Change } from './change.ts';
import type { CollectedChanges } from './change-collector.ts';

/** How far somebody has been told. */
export interface ChangeMark {
  /** Counts changes; good while the process lives. */
  readonly sequence: number;
  /** Everything up to here is told; undefined in an empty log. */
  readonly position: Position | undefined;
}

export interface LiveChanges {
  /** All that is committed. */
  now(): ChangeMark;
  /** How far somebody was told who knows a position; undefined where what came after it is not in memory (any more). */
  markAt(position: Position): ChangeMark | undefined;
  /** What was committed after a mark's sequence, the oldest first; undefined where that is not in memory any more. */
  since(sequence: number): readonly Change[] | undefined;
  /** Calls back when there is something to tell. Returns the way out. */
  onCommitted(listener: () => void): () => void;
  /** Polls of these environments are told too, until the way out, which is returned, is taken. */
  watchPolls(environmentIds: readonly string[]): () => void;
}

export interface RecentChanges extends LiveChanges {
  /** @param position the newest one applied */
  commit(position: Position | undefined, collected: CollectedChanges): void;
  /** The read models stand at this position, and nobody was told how they came there. */
  restart(position: Position | undefined): void;
}

/** Changes in memory; when there are more, the oldest quarter goes. */
const MOST_CHANGES = 8_192;

export function createRecentChanges({
  compare,
  onPollsWatched,
}: {
  /** Throws on text that is no position. */
  readonly compare: (a: Position, b: Position) => number;
  /** Of which environments polls are asked for now. */
  readonly onPollsWatched: (environmentIds: readonly string[]) => void;
}): RecentChanges {
  let entries: { readonly change: Change; readonly position: Position }[] = [];
  /** The sequence after which the first entry stands. */
  let before = 0;
  /** Everything after this position is in memory. */
  let start: Position | undefined;
  let current: Position | undefined;
  const listeners = new Set<() => void>();
  const watches = new Map<string, number>();

  function forgetAll(position: Position | undefined): void {
    // Nobody's mark is good any more, also not that of who was told everything.
    before += entries.length + 1;
    entries = [];
    start = position;
    current = position;
    tell();
  }

  function tell(): void {
    for (const listener of listeners) listener();
  }

  return {
    now: () => ({ sequence: before + entries.length, position: current }),

    markAt(position) {
      try {
        if (current === undefined || compare(position, current) > 0) return undefined;
        if (start !== undefined && compare(position, start) < 0) return undefined;
        const told = entries.findLastIndex((entry) => compare(entry.position, position) <= 0);
        return { sequence: before + told + 1, position };
      } catch {
        return undefined;
      }
    },

    since(sequence) {
      if (sequence < before || sequence > before + entries.length) return undefined;
      return entries.slice(sequence - before).map(({ change }) => change);
    },

    onCommitted(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    watchPolls(environmentIds) {
      const count = (by: number): void => {
        const before = watches.size;
        for (const environmentId of environmentIds) {
          const watching = (watches.get(environmentId) ?? 0) + by;
          if (watching > 0) watches.set(environmentId, watching);
          else watches.delete(environmentId);
        }
        if (watches.size !== before) onPollsWatched([...watches.keys()]);
      };
      count(1);
      let isOver = false;
      return () => {
        if (!isOver) count(-1);
        isOver = true;
      };
    },

    commit(position, { changes, isWhole }) {
      if (!isWhole) return forgetAll(position);
      current = position;
      if (position === undefined || changes.length === 0) return;
      for (const change of changes) entries.push({ change, position });
      if (entries.length > MOST_CHANGES) {
        const gone = entries.splice(0, entries.length - (MOST_CHANGES * 3) / 4);
        before += gone.length;
        start = gone.at(-1)?.position;
      }
      tell();
    },

    restart: forgetAll,
  };
}
