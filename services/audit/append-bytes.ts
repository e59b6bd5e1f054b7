/** How many bytes of appends are held at once, by all calls together. */
import { tooBusy } from './call-error.ts';

export interface AppendBytes {
  /** Counts so many more. Throws CallError, and counts nothing, where they are too many. */
  take(bytes: number): void;
  /** They are held no more. */
  give(bytes: number): void;
}

/** Creates the count of at most `max` bytes. */
export function createAppendBytes(max: number): AppendBytes {
  let held = 0;
  return {
    take(bytes) {
      if (held + bytes > max) throw tooBusy();
      held += bytes;
    },
    give(bytes) {
      held -= bytes;
    },
  };
}
