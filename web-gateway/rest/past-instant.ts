/** `?asOf=`: the instant of the past that a question is about. */
import type { Projections } from '../../projections/port.ts';
import { GatewayError } from '../problems/gateway-error.ts';

/** The parameter, as routes that tell of the past declare it. */
export const asOf = {
  type: 'string',
  minLength: 1,
  maxLength: 64,
  description:
    'The past: as it was at this instant (RFC 3339), after all events recorded up to it and before the first one recorded later. What of it may be older than it was is named in `approximate`.',
  examples: ['2026-01-31T12:00:00.000Z'],
} as const;

/** How long a question about the last moments waits for the read models. */
const WAIT_MS = 1_000;
const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;

/**
 * The instant in milliseconds since 1970; undefined where the question is about now. Once this resolves the read models can answer it
 * exactly. Throws {@link GatewayError} invalid-instant, not-yet-applied; EventStoreError.
 */
export async function instantAsked(projections: Pick<Projections, 'whenComplete'>, text: string | undefined): Promise<number | undefined> {
  if (text === undefined) return undefined;
  const nowMs = Date.now();
  const atMs = RFC_3339.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs)) throw refusal('asOf takes an instant with its offset from UTC, such as 2026-01-31T12:00:00Z; in a URL a + is written %2B.', 'is not an RFC 3339 instant');
  if (atMs > nowMs) throw refusal(`asOf lies in the future: here it is ${new Date(nowMs).toISOString()}. Leave it out to ask about now.`, 'lies in the future');
  if (!(await projections.whenComplete(WAIT_MS))) throw new GatewayError('not-yet-applied', 'The read models have not come up to that instant yet.');
  return atMs;
}

function refusal(detail: string, reason: string): GatewayError {
  return new GatewayError('invalid-instant', detail, { faults: [{ parameter: 'asOf', reason }] });
}
