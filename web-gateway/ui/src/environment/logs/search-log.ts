/** Searches a log. */
import type { BufferedLine } from './log-buffer.ts';

/** What is shown, and what of it matches. */
export interface FoundLines {
  /** Those that are shown. */
  readonly lines: readonly BufferedLine[];
  /** The numbers of those that match, oldest first. */
  readonly matches: readonly number[];
}

/** Any case. @param wanted empty matches nothing, and shows all */
export function searchLog(lines: readonly BufferedLine[], wanted: string, onlyMatching: boolean): FoundLines {
  if (wanted === '') return { lines, matches: [] };
  const lower = wanted.toLowerCase();
  const found = lines.filter(({ text }) => text.toLowerCase().includes(lower));
  return { lines: onlyMatching ? found : lines, matches: found.map(({ number }) => number) };
}
