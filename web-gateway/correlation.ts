/** The id that ties a request to all it causes: the caller's own, where it sends one, so that it can find its doings in the record. */
import type { IncomingHttpHeaders } from 'node:http';

export const CORRELATION_HEADER = 'homeport-correlation-id';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

/** For a caller who is known: the UUID that it sent, in lower case. Anything else is not the caller's to put into the record: then it is `requestId`. */
export function correlationIdOf(headers: IncomingHttpHeaders, requestId: string): string {
  const sent = headers[CORRELATION_HEADER];
  return typeof sent === 'string' && UUID.test(sent) ? sent.toLowerCase() : requestId;
}
