/** Instants as fields for a date and a time have them: local time without a zone, to the second. */

/** @param ms milliseconds since 1970 */
export function localText(ms: number): string {
  const offsetMs = new Date(ms).getTimezoneOffset() * 60_000;
  return new Date(ms - offsetMs).toISOString().slice(0, 19);
}
