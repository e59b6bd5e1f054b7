/** Cuts what is buffered into appends that the store takes. */
import type { PreparedEvent } from './event-log.ts';

/** Well below what an append may carry (1 MiB), by count and by size. */
const mostEvents = 1024;
const mostBytes = 768 * 1024;

/** The first events of a buffer that go into one append: at least one. */
export function firstBatch<Item>(buffer: readonly Item[], eventOf: (item: Item) => PreparedEvent): readonly Item[] {
  let bytes = 0;
  let count = 0;
  for (const item of buffer) {
    const { data, metadata } = eventOf(item);
    bytes += Buffer.byteLength(data) + Buffer.byteLength(metadata);
    if (count > 0 && (bytes > mostBytes || count === mostEvents)) break;
    count++;
  }
  return buffer.slice(0, count);
}
