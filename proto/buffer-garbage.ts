/**
 * Sees to it that the garbage of bulk transfers stays cheap. Each piece that comes off a socket is a buffer outside of V8's
 * heap. V8 frees those of young garbage in a minor collection, but few small objects go with them, so none falls due; and V8
 * counts them against the old generation's limit, of which a small heap has 16 MB left, so it marks the whole heap instead:
 * up to 50 times a gigabyte, a third of all CPU time with a heap of 10 MB. A minor collection after every 12 MB takes a third
 * of a millisecond and frees them all.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** So few that they and what is in flight stay below 16 MB, so many that little of what is in flight is seen twice. */
const COLLECT_AFTER_BYTES = 12 * 1024 * 1024;

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
    if (typeof gc === 'function') return () => collectYoung(gc as Collector);
  } catch {
    // Not to be had.
  }
  return () => undefined;
}

type Collector = (options: { readonly type: 'minor' }) => void;

/** On this thread alone: to start others costs more than there is to do, and buffers must be freed when it returns to be counted so. */
function collectYoung(gc: Collector): void {
  setFlagsFromString('--no-parallel-scavenge');
  setFlagsFromString('--no-concurrent-array-buffer-sweeping');
  gc({ type: 'minor' });
  setFlagsFromString('--parallel-scavenge');
  setFlagsFromString('--concurrent-array-buffer-sweeping');
}
