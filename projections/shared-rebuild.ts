/** One rebuild at a time, however many ask for it: each sees its progress, and it ends early when nobody wants it any more. */
import type { RebuildProgress } from './port.ts';

type Report = (progress: RebuildProgress) => void;

/** Creates it. `run` must end soon after its signal aborts. */
export function createSharedRebuild(run: (onProgress: Report, signal: AbortSignal) => Promise<void>): {
  /** Throws what `run` throws, or the asker's own signal's reason. */
  ask(onProgress: Report, signal: AbortSignal | undefined): Promise<void>;
  /** Ends what is under way; resolves when it has. */
  close(): Promise<void>;
} {
  const askers = new Set<Report>();
  let running: { readonly done: Promise<void>; readonly stop: AbortController } | undefined;

  function start(): { readonly done: Promise<void>; readonly stop: AbortController } {
    const stop = new AbortController();
    const report: Report = (progress) => {
      for (const asker of askers) asker(progress);
    };
    const done = run(report, stop.signal).finally(() => {
      running = undefined;
    });
    done.catch(() => undefined);
    return { done, stop };
  }

  return {
    async ask(onProgress, signal) {
      signal?.throwIfAborted();
      // One that nobody wanted any more takes no new askers.
      while (running?.stop.signal.aborted === true) await running.done.catch(() => undefined);
      const { done, stop } = (running ??= start());
      // A function of its own for each, so that one given twice counts twice.
      const asker: Report = (progress) => onProgress(progress);
      askers.add(asker);
      const left = Promise.withResolvers<never>();
      const leave = (): void => left.reject(signal?.reason);
      signal?.addEventListener('abort', leave);
      try {
        await Promise.race([done, left.promise]);
      } finally {
        signal?.removeEventListener('abort', leave);
        askers.delete(asker);
        if (askers.size === 0) stop.abort();
      }
    },

    async close() {
      running?.stop.abort();
      await running?.done.catch(() => undefined);
    },
  };
}
