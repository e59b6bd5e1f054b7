/** Reads an engine's answers, which may hold anything at all. */

export type Json = Readonly<Record<string, unknown>>;

export function objectOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

/** At most so many characters of a text go into a snapshot. */
const LONGEST = 1024;

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, LONGEST) : '';
}

/** A whole number from 0 on that JavaScript can tell; anything else is 0. */
export function countOf(value: unknown): number {
  const whole = typeof value === 'number' ? Math.trunc(value) : 0;
  return whole > 0 && Number.isSafeInteger(whole) ? whole : 0;
}

/** The same within 32 bits. */
export function smallCountOf(value: unknown): number {
  return Math.min(countOf(value), 0xffff_ffff);
}
