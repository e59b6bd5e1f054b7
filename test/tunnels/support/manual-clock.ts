/** A clock that stands still until it is moved. */
import type { Clock } from '../../../services/application/clock.ts';

export interface ManualClock extends Clock {
  /** Moves on, and runs what falls due, in order. */
  advance(ms: number): void;
  /** Timers that wait. */
  readonly pending: number;
}

export function createManualClock(startMs = 1_000_000): ManualClock {
  let nowMs = startMs;
  let order = 0;
  const timers = new Map<number, { dueMs: number; readonly everyMs: number | undefined; readonly callback: () => void }>();

  function start(delayMs: number, everyMs: number | undefined, callback: () => void): () => void {
    order += 1;
    const id = order;
    timers.set(id, { dueMs: nowMs + delayMs, everyMs, callback });
    return () => void timers.delete(id);
  }

  return {
    now: () => nowMs,
    after: (delayMs, callback) => start(delayMs, undefined, callback),
    every: (intervalMs, callback) => start(intervalMs, intervalMs, callback),
    get pending() {
      return timers.size;
    },
    advance(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        const [next] = [...timers].filter(([, timer]) => timer.dueMs <= endMs).sort(([, a], [, b]) => a.dueMs - b.dueMs);
        if (next === undefined) break;
        const [id, timer] = next;
        nowMs = timer.dueMs;
        if (timer.everyMs === undefined) timers.delete(id);
        else timer.dueMs += timer.everyMs;
        timer.callback();
      }
      nowMs = endMs;
    },
  };
}
