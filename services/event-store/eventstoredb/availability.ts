/** Whether the server answers: once it did not, whoever asks is told at once, until a look of our own finds it back. */
import { EventStoreError } from '../port.ts';

/** What is known of the server's answering. */
export interface Availability {
  /** Throws {@link EventStoreError} `event-store-unavailable` while the server is away. */
  check(): void;
  /** Resolves when it is back, at once where it is not away, and after `withinMs` at the latest. */
  whenBack(withinMs: number): Promise<void>;
  /** Something failed as it does when the server is away. */
  lost(why: unknown): void;
  /** Why it is away, in words for operators; undefined where it is not. */
  reason(): string | undefined;
  close(): void;
}

/** How often it is looked at while it is away, in milliseconds. */
const probeEveryMs = 500;

/** Counts the server as there until told otherwise. `probe` resolves when the server has answered, and gives up by itself. */
export function createAvailability(probe: () => Promise<unknown>): Availability {
  let away: { readonly reason: string; readonly sinceMs: number } | undefined;
  let probing: NodeJS.Timeout | undefined;
  let isClosed = false;
  const waiting = new Set<() => void>();

  function look(): void {
    probing = setTimeout(() => {
      probe().then(back, () => {
        if (!isClosed) look();
      });
    }, probeEveryMs);
    probing.unref();
  }

  function back(): void {
    away = undefined;
    for (const resume of [...waiting]) resume();
  }

  return {
    check() {
      if (away === undefined) return;
      throw new EventStoreError('event-store-unavailable', `The event store has not answered since ${new Date(away.sinceMs).toISOString()}: ${away.reason}`);
    },
    whenBack(withinMs) {
      if (away === undefined) return Promise.resolve();
      return new Promise((resolve) => {
        const resume = (): void => {
          clearTimeout(timer);
          waiting.delete(resume);
          resolve();
        };
        const timer = setTimeout(resume, withinMs);
        waiting.add(resume);
      });
    },
    lost(why) {
      if (away !== undefined || isClosed) return;
      away = { reason: why instanceof Error ? why.message : String(why), sinceMs: Date.now() };
      look();
    },
    reason: () => away?.reason,
    close() {
      isClosed = true;
      clearTimeout(probing);
      for (const resume of [...waiting]) resume();
    },
  };
}
