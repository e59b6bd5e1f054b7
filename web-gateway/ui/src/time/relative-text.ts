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
  return seconds > 0 ? `${spanText(seconds)} ago` : `in ${nearestSpanText(-seconds)}`;
}

/** How long something lasts, such as `for 5 min`. */
export function lastingText(sinceMs: number, nowMs: number): string {
  return `for ${spanText(Math.max(0, Math.round((nowMs - sinceMs) / 1000)))}`;
}

/** Seen from an instant of the past, such as `5 min before`, `3 h after`, `just then`. */
export function relativeToText(atMs: number, instantMs: number): string {
  const seconds = Math.round((instantMs - atMs) / 1000);
  if (Math.abs(seconds) < 2) return 'just then';
  return `${spanText(Math.abs(seconds))} ${seconds > 0 ? 'before' : 'after'}`;
}

/** The largest unit, rounded down: `90 s` is `1 min`. */
export function spanText(seconds: number): string {
  const [unit, size] = UNITS.find(([, one]) => seconds >= one) ?? (['s', 1] as const);
  return `${Math.floor(seconds / size)} ${unit}`;
}

/** The largest unit, rounded to the nearest: what is to last 90 days is `90 d` off a minute later, too. */
function nearestSpanText(seconds: number): string {
  const [, size] = UNITS.find(([, one]) => seconds >= one) ?? (['s', 1] as const);
  return spanText(Math.round(seconds / size) * size);
}

/** To make one costs more than to use it. */
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });

/** An instant in the reader's own zone, to the second, with the zone. */
export function exactText(instant: string | number): string {
  return exact.format(new Date(instant));
}
