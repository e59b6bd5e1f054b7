/** Instants and spans in words. */

const UNITS = [
  ['y', 365 * 86_400],
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const;

/** Such as `5 min ago`, `in 3 h`, `just now`. */
export function relativeText(atMs: number, nowMs: number): string {
  const seconds = Math.round((nowMs - atMs) / 1000);
  if (Math.abs(seconds) < 2) return 'just now';
  const span = spanText(Math.abs(seconds));
  return seconds > 0 ? `${span} ago` : `in ${span}`;
}

/** The largest unit, rounded down: `90 s` is `1 min`. */
export function spanText(seconds: number): string {
  const [unit, size] = UNITS.find(([, one]) => seconds >= one) ?? (['s', 1] as const);
  return `${Math.floor(seconds / size)} ${unit}`;
}

/** To make one costs more than to use it. */
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });

/** An instant in the reader's own zone, to the second, with the zone. */
export function exactText(instant: string | number): string {
  return exact.format(new Date(instant));
}
