/** Time as the tunnel sees it, so that tests can move it. */

export interface TunnelClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once after so many milliseconds. Returns the way out. */
  after(delayMs: number, callback: () => void): () => void;
  /** Calls back again and again. Returns the way out. */
  every(intervalMs: number, callback: () => void): () => void;
}

/** The machine's clock; the process does not wait for its timers. */
export const systemTunnelClock: TunnelClock = {
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
