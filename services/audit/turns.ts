/** Lets the readers of the front work in turn: one burst of work in each round of the event loop, however many read at once. */

export interface Turns {
  /** Resolves when it is the caller's turn. */
  next(): Promise<void>;
}

/** Creates a queue of turns; who comes first has the first. */
export function createTurns(): Turns {
  const waiting: (() => void)[] = [];
  const run = (): void => {
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(run);
  };
  return {
    next: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        if (waiting.length === 1) setImmediate(run);
      }),
  };
}
