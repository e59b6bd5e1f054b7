/** Time as the audit front sees it, so that tests can move it. */

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once after so many milliseconds; the process does not wait for it. Returns the way out. */
  after(delayMs: number, callback: () => void): () => void;
  /** Calls back again and again; the process does not wait for it. Returns the way out. */
  every(intervalMs: number, callback: () => void): () => void;
}
