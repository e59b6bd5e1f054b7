/** Time as the application sees it, so that tests can move it. */

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once after so many milliseconds; the process does not wait for it. Returns the way out. */
  after(delayMs: number, callback: () => void): () => void;
  /** Calls back again and again; the process does not wait for it. Returns the way out. */
  every(intervalMs: number, callback: () => void): () => void;
}

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs).unref();
    return () => {
      clearTimeout(timer);
    };
  },
  every(intervalMs, callback) {
    const timer = setInterval(callback, intervalMs).unref();
    return () => {
      clearInterval(timer);
    };
  },
};

/** The clock's present as an instant. */
export function instantOf(clock: Clock): string {
  return new Date(clock.now()).toISOString();
}
