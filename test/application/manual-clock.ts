/** A clock that moves only when told to. */
import type { Clock } from '../../services/application/clock.ts';

export interface ManualClock extends Clock {
  /** Moves on, calling back whatever is due on the way, in order; lets what they began run before the next. */
  advance(ms: number): Promise<void>;
  /** Moves on at once, as a machine that slept does: what is due calls back once, however often it would have. */
  jump(ms: number): Promise<void>;
}

interface Timer {
  dueMs: number;
  readonly everyMs: number | undefined;
  readonly callback: () => void;
}

/** Starts at a given instant. */
export function createManualClock(start = '2026-01-31T12:00:00.000Z'): ManualClock {
  let nowMs = Date.parse(start);
  const timers = new Set<Timer>();

  function add(dueMs: number, everyMs: number | undefined, callback: () => void): () => void {
    const timer: Timer = { dueMs, everyMs, callback };
    timers.add(timer);
    return () => timers.delete(timer);
  }

  return {
    now: () => nowMs,
    after: (delayMs, callback) => add(nowMs + delayMs, undefined, callback),
    every: (intervalMs, callback) => add(nowMs + intervalMs, intervalMs, callback),
    async advance(ms) {
      const untilMs = nowMs + ms;
      for (;;) {
        const next = [...timers].filter(({ dueMs }) => dueMs <= untilMs).sort((a, b) => a.dueMs - b.dueMs)[0];
        if (next === undefined) break;
        nowMs = Math.max(nowMs, next.dueMs);
        if (next.everyMs === undefined) timers.delete(next);
        else next.dueMs += next.everyMs;
        next.callback();
        await new Promise((resolve) => setImmediate(resolve));
      }
      nowMs = untilMs;
    },
    async jump(ms) {
      nowMs += ms;
      for (const timer of [...timers].filter(({ dueMs }) => dueMs <= nowMs).sort((a, b) => a.dueMs - b.dueMs)) {
        if (timer.everyMs === undefined) timers.delete(timer);
        else timer.dueMs = nowMs + timer.everyMs;
        timer.callback();
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  };
}
