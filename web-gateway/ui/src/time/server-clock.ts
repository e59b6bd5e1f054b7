/** The server's clock, by the Date of its answers: a browser's own may be wrong by hours. */

/** A Date header is cut to the second, and was written before the answer came. */
const EXPECTED_LAG_MS = 500;

let offsetMs: number | undefined;

/** Takes in a Date header. */
export function sawServerTime(date: string | null): void {
  const serverMs = Date.parse(date ?? '');
  if (Number.isNaN(serverMs)) return;
  const seen = serverMs + EXPECTED_LAG_MS - Date.now();
  // A second's grain would make it jump with every answer.
  if (offsetMs === undefined || Math.abs(seen - offsetMs) > 1500) offsetMs = seen;
}

/** Milliseconds since 1970, by the server's clock. */
export function serverNow(): number {
  return Date.now() + (offsetMs ?? 0);
}
