/**
 * Sees to it that the garbage of bulk transfers stays cheap. Each piece that comes from a socket is a buffer outside of V8's
 * heap; V8 frees those of young garbage only in a minor collection, but few small objects go with them, so none falls due,
 * and after 64 MB of buffers it marks the whole heap instead: 50 times a gigabyte, a third of all CPU time with a heap of
 * 10 MB and more with a larger one. A minor collection after every 24 MB takes half a millisecond and frees them all.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Well below the 64 MB of external memory at which V8 starts to mark the heap. */
const COLLECT_AFTER_BYTES = 24 * 1024 * 1024;

let bytes = 0;
let collect: (() => void) | undefined;

/** Counts buffers that were allocated and will soon be garbage, and collects them when it is time. */
export function countBufferGarbage(length: number): void {
  bytes += length;
  if (bytes < COLLECT_AFTER_BYTES) return;
  bytes = 0;
  collect ??= minorCollector();
  collect();
}

/** V8's own function, which Node gives out only on request. Where it can not be had, V8 goes on as it does by itself. */
function minorCollector(): () => void {
  try {
    setFlagsFromString('--expose-gc');
    const gc: unknown = runInNewContext('gc');
    setFlagsFromString('--no-expose-gc');
    if (typeof gc === 'function') return () => (gc as (options: { type: 'minor' }) => void)({ type: 'minor' });
  } catch {
    // Not to be had.
  }
  return () => undefined;
}
