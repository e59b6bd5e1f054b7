/** The last lines of a log, bounded in number and in size. A value that is replaced, so that what shows it sees that it changed. */
import type { LogStream } from './log-lines.ts';
import { MOST_LINES, type LogBatch } from './log-messages.ts';

/** A line that is kept. */
export interface BufferedLine {
  /** Counts from 0 for as long as the page is open. */
  readonly number: number;
  readonly stream: LogStream;
  readonly at: string;
  readonly text: string;
}

/** What is kept, and how much is not. */
export interface LogBuffer {
  readonly lines: readonly BufferedLine[];
  /** Lines that came, and are not kept any more. */
  readonly dropped: number;
}

/** Of a log that has not begun. */
export const emptyBuffer: LogBuffer = { lines: [], dropped: 0 };

/** In characters. */
const MOST_TEXT = 16 * 1024 * 1024;

/** With what came, without what is too much by then. */
export function withBatch({ lines, dropped }: LogBuffer, { streams, times, texts, skipped }: LogBatch): LogBuffer {
  let number = (lines.at(-1)?.number ?? dropped - 1) + 1 + skipped;
  const all = skipped > 0 ? [] : lines.slice(Math.max(0, lines.length + texts.length - MOST_LINES));
  texts.forEach((text, index) => all.push({ number: number++, stream: streams[index] ?? 'out', at: times[index] ?? '', text }));
  let size = 0;
  let first = all.length;
  while (first > 0 && size < MOST_TEXT) size += all[--first]?.text.length ?? 0;
  const kept = first > 0 ? all.slice(first) : all;
  return { lines: kept, dropped: kept[0]?.number ?? number };
}
