/** What the appends themselves tell of the disk: a store that failed the last one is away, as far as is known. */
import { EventStoreError, type AppendResult, type Unavailability } from '../port.ts';

/** Where nobody has tried for so long, nothing is known: whoever has polls to record tries every second. */
const forgottenMs = 60_000;

export interface AppendWatch {
  /** The same append; what becomes of it is remembered. */
  watched(append: Promise<AppendResult>): Promise<AppendResult>;
  unavailability(): Unavailability | undefined;
}

/** Creates the watch. `nowMs` is any clock that never goes back. */
export function createAppendWatch(nowMs: () => number): AppendWatch {
  let failed: { readonly error: EventStoreError; readonly atMs: number } | undefined;

  function heard(error: unknown): void {
    if (!(error instanceof EventStoreError)) return;
    if (error.code === 'event-store-unavailable' || error.code === 'event-store-corrupt') failed = { error, atMs: nowMs() };
  }

  return {
    watched(append) {
      append.then(() => (failed = undefined), heard);
      return append;
    },
    unavailability() {
      if (failed === undefined || nowMs() - failed.atMs > forgottenMs) return undefined;
      return { code: failed.error.isDiskFull ? 'disk-full' : 'away', reason: failed.error.message };
    },
  };
}
