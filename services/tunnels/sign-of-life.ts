/** A sign of life from the other end of an HTTP/2 session that may be half-open. */
import type { Http2Session } from 'node:http2';
import type { Clock } from '../application/clock.ts';

/** It has so long for one. Much less than a keep-alive's patience: it is asked only where there is reason to believe the worst. */
const SIGN_OF_LIFE_MS = 3000;

/**
 * Pings, and resolves with whether anything came back in time. Any byte counts (`bytesRead`), for behind bulk data on a slow
 * link the answer itself may be late.
 */
export function signOfLife(session: Http2Session, bytesRead: () => number, clock: Clock): Promise<boolean> {
  if (session.destroyed) return Promise.resolve(false);
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const before = bytesRead();
  const stop = clock.after(SIGN_OF_LIFE_MS, () => resolve(bytesRead() > before));
  const answered = (error: Error | null): void => {
    // Too many pings under way, or a session that is just ending: the deadline says what came.
    if (error !== null) return;
    stop();
    resolve(true);
  };
  session.ping(answered);
  return promise;
}
