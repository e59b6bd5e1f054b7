/** Lets so many tasks run at once and so many wait, and no more. */

export interface BoundedQueue {
  /** Runs the task when its turn comes; undefined, at once, where too many wait already. */
  run<Result>(task: () => Promise<Result>): Promise<Result> | undefined;
}

/** Creates a queue. */
export function createBoundedQueue({ running: most, waiting: longest }: { readonly running: number; readonly waiting: number }): BoundedQueue {
  let running = 0;
  const waiting: (() => void)[] = [];

  async function take<Result>(task: () => Promise<Result>): Promise<Result> {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await task();
    } finally {
      // The place goes to the next one; it is free only where nobody waits.
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  }

  return {
    run: (task) => (running >= most && waiting.length >= longest ? undefined : take(task)),
  };
}
