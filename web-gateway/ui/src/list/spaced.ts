/** Does something when it is asked to, however often it is asked: at once, and then no sooner than so long after it was begun last. */

/** Until it is stopped. */
export interface Spaced {
  /** Soon; several times before it is done are once. */
  ask(): void;
  /** What was asked for and has not begun is done now, for the last time. */
  stop(): void;
}

/** @param run is not begun again before it has ended; what it throws is for it to handle. */
export function createSpaced(run: () => Promise<void>, spacingMs: number): Spaced {
  let begunAtMs = Number.NEGATIVE_INFINITY;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isRunning = false;
  let isAsked = false;
  let isStopped = false;

  function schedule(): void {
    if (isRunning || timer !== undefined || !isAsked) return;
    timer = setTimeout(begin, isStopped ? 0 : Math.max(0, begunAtMs + spacingMs - performance.now()));
  }

  function begin(): void {
    timer = undefined;
    isAsked = false;
    isRunning = true;
    begunAtMs = performance.now();
    void run().finally(() => {
      isRunning = false;
      schedule();
    });
  }

  return {
    ask() {
      if (isStopped) return;
      isAsked = true;
      schedule();
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
      timer = undefined;
      schedule();
    },
  };
}
