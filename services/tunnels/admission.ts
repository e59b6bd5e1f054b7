/** The bounds of a session that has not shown valid credentials: time, streams and bytes. */
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Clock } from '../application/clock.ts';

/** A session without valid credentials is destroyed after so long. */
export const ADMISSION_MS = 10_000;
/** Streams it may open before that. */
export const STREAMS_BEFORE_ADMISSION = 2;
/** Bytes it may send before that. */
export const BYTES_BEFORE_ADMISSION = 64 * 1024;
/** How often its bytes are counted, beside at each stream and each piece of data. */
const COUNT_MS = 100;

export interface Admission {
  /** True once the credentials were good; false when the session ended before. Never rejects. */
  readonly decided: Promise<boolean>;
  /** The credentials were good: the bounds end. */
  admit(): void;
  /** Counts a stream. */
  onStream(stream: ServerHttp2Stream): void;
}

/** Watches a new session until it is admitted, and destroys it where it goes over its bounds. `countBytes` is what it has brought. */
export function createAdmission(session: ServerHttp2Session, countBytes: () => number, clock: Clock): Admission {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  let streams = 0;
  let isDecided = false;

  const stopDeadline = clock.after(ADMISSION_MS, () => session.destroy());
  const stopCounting = clock.every(COUNT_MS, checkBytes);
  session.once('close', () => decide(false));

  function decide(admitted: boolean): void {
    if (isDecided) return;
    isDecided = true;
    stopDeadline();
    stopCounting();
    resolve(admitted);
  }

  function checkBytes(): void {
    if (!isDecided && countBytes() > BYTES_BEFORE_ADMISSION) session.destroy();
  }

  return {
    decided: promise,
    admit: () => decide(true),
    onStream(stream) {
      if (isDecided) return;
      streams += 1;
      if (streams > STREAMS_BEFORE_ADMISSION) {
        session.destroy();
        return;
      }
      checkBytes();
      stream.on('data', checkBytes);
    },
  };
}
