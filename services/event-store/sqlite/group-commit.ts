/** Decides when waiting operations are committed together: at once, unless all of them may wait for company. */

/** An operation that waits, and until when it may. */
interface Waiting<T> {
  readonly item: T;
  readonly dueAtMs: number;
}

export interface GroupCommitDeps<T> {
  /** Takes over what came in meanwhile (calls `add`). */
  drain(): void;
  commit(items: readonly T[]): void;
  /** A weight of an item, of which one group takes at most `maxGroupWeight` (but at least one item). */
  weigh(item: T): number;
  readonly maxGroupWeight: number;
  nowMs(): number;
}

export interface GroupCommit<T> {
  /** `windowMs` is how long the item may wait; a group that is committed anyway takes it along. */
  add(item: T, windowMs: number): void;
  /** Commits everything that waits, now. */
  flush(): void;
  readonly isIdle: boolean;
}

/** While a commit runs (synchronously), messages gather; the next group is all of them. That is the batching. */
export function createGroupCommit<T>(deps: GroupCommitDeps<T>): GroupCommit<T> {
  let waiting: Waiting<T>[] = [];
  let earliestDueAtMs = Number.POSITIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let immediate: NodeJS.Immediate | undefined;

  const takeGroup = (): readonly T[] => {
    let weight = 0;
    let count = 0;
    for (const { item } of waiting) {
      weight += deps.weigh(item);
      if (count > 0 && weight > deps.maxGroupWeight) break;
      count += 1;
    }
    const group = waiting.slice(0, count).map(({ item }) => item);
    waiting = waiting.slice(count);
    return group;
  };

  const commitGroup = (): void => {
    clearTimeout(timer);
    timer = undefined;
    immediate = undefined;
    deps.drain();
    const group = takeGroup();
    // What is left over was due with the group, or is as good as due: the group was full.
    earliestDueAtMs = waiting.length === 0 ? Number.POSITIVE_INFINITY : 0;
    if (group.length > 0) deps.commit(group);
    schedule();
  };

  const schedule = (): void => {
    if (waiting.length === 0 || immediate !== undefined) return;
    const delayMs = earliestDueAtMs - deps.nowMs();
    clearTimeout(timer);
    timer = undefined;
    if (delayMs <= 0) immediate = setImmediate(commitGroup);
    else timer = setTimeout(commitGroup, delayMs);
  };

  return {
    add: (item, windowMs) => {
      const dueAtMs = windowMs <= 0 ? 0 : deps.nowMs() + windowMs;
      waiting.push({ item, dueAtMs });
      if (dueAtMs < earliestDueAtMs) {
        earliestDueAtMs = dueAtMs;
        schedule();
      }
    },
    flush: () => {
      if (immediate !== undefined) clearImmediate(immediate);
      do commitGroup();
      while (waiting.length > 0);
    },
    get isIdle() {
      return waiting.length === 0;
    },
  };
}
