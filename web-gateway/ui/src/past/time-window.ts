/** The stretch of time that a slider spans: pure, so that it can be reasoned about. */

/** Both ends are in it. */
export interface TimeWindow {
  /** Milliseconds since 1970. */
  readonly fromMs: number;
  readonly toMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** How much of the past the slider spans; null is all of it. */
export const SPANS = [
  { label: '1 h', spanMs: HOUR_MS },
  { label: '1 day', spanMs: DAY_MS },
  { label: '1 week', spanMs: 7 * DAY_MS },
  { label: '30 days', spanMs: 30 * DAY_MS },
  { label: 'All', spanMs: null },
] as const;

/** What a span is called, and chosen by. */
export type SpanLabel = (typeof SPANS)[number]['label'];

/** The last of the record where `atMs` lies in it, else what is around `atMs`; never before the record's beginning, and a minute at least. */
export function windowAround(atMs: number, span: SpanLabel, firstMs: number, nowMs: number): TimeWindow {
  const spanMs = SPANS.find(({ label }) => label === span)?.spanMs ?? Number.POSITIVE_INFINITY;
  const isRecent = atMs >= nowMs - spanMs;
  const toMs = isRecent ? nowMs : Math.min(nowMs, atMs + spanMs / 2);
  return { fromMs: Math.min(Math.max(firstMs, toMs - spanMs), toMs - MINUTE_MS, atMs), toMs };
}

/** Whether the instant is in the window. */
export function holds({ fromMs, toMs }: TimeWindow, atMs: number): boolean {
  return atMs >= fromMs && atMs <= toMs;
}

/** Where a key moves the slider from `atMs`; undefined where it is none of its keys. Not bounded. */
export function stepByKey({ key, shiftKey }: { readonly key: string; readonly shiftKey: boolean }, atMs: number): number | undefined {
  switch (key) {
    case 'ArrowLeft':
    case 'ArrowDown':
      return atMs - (shiftKey ? 1000 : MINUTE_MS);
    case 'ArrowRight':
    case 'ArrowUp':
      return atMs + (shiftKey ? 1000 : MINUTE_MS);
    case 'PageDown':
      return atMs - (shiftKey ? DAY_MS : HOUR_MS);
    case 'PageUp':
      return atMs + (shiftKey ? DAY_MS : HOUR_MS);
    case 'Home':
      return Number.NEGATIVE_INFINITY;
    case 'End':
      return Number.POSITIVE_INFINITY;
    default:
      return undefined;
  }
}
