/** Pings an HTTP/2 session that has been silent, and ends it where no answer comes: what is heard anyway needs no ping, which would cost a fleet more than its polls. */
import type { Http2Session } from 'node:http2';
import type { PollKeepAlive } from './poll-flow.ts';

/** Pings a connection while nothing comes from its other end. */
export interface SilencePings {
  /** Something came from the other end: it lives. */
  heard(): void;
  stop(): void;
}

/** Time, in milliseconds. */
export interface PingClock {
  now(): number;
  /** Calls back once after so long. Returns the way out. */
  after(ms: number, callback: () => void): () => void;
}

/** Timers are set to this part of the silence, so that those of a fleet fall together. */
const STEPS = 60;

/** Begins to watch, until the session has gone. One that is found dead is destroyed, after `dead` was called. */
export function pingWhenSilent(session: Http2Session, { afterMs, timeoutMs }: PollKeepAlive, clock: PingClock, dead: () => void = () => undefined): SilencePings {
  let heardAtMs = clock.now();
  let stopTimer = (): void => undefined;
  const stepMs = afterMs / STEPS;
  watch(afterMs);
  session.once('close', stop);

  function watch(ms: number): void {
    stopTimer = clock.after(Math.ceil(ms / stepMs) * stepMs, look);
  }

  function look(): void {
    const leftMs = heardAtMs + afterMs - clock.now();
    if (session.destroyed) return;
    // A clock that was set back must not keep it waiting.
    if (leftMs > 0) watch(Math.min(leftMs, afterMs));
    else ping();
  }

  function ping(): void {
    stopTimer = clock.after(timeoutMs, () => {
      dead();
      session.destroy();
    });
    session.ping((error) => {
      stopTimer();
      if (error !== null) return;
      heard();
      watch(afterMs);
    });
  }

  function heard(): void {
    heardAtMs = clock.now();
  }

  function stop(): void {
    stopTimer();
    session.off('close', stop);
  }

  return { heard, stop };
}
