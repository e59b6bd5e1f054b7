/** A live client that reads server-sent events. */
import type { ServerResponse } from 'node:http';
import { problemOf } from '../problems/problem.ts';
import { encodeLive } from './live-message.ts';
import type { LiveTransport } from './live-hub.ts';

/** How long a client should wait before it comes back; browsers wait three seconds by default, all at once. */
const RETRY_MS = 2_000;

export interface EventStreamTransport extends LiveTransport {
  /** Says why, where that is worth knowing, and ends. */
  end(reason: unknown): void;
}

/** @param res its header is written */
export function createEventStreamTransport(res: ServerResponse): EventStreamTransport {
  res.write(`retry: ${RETRY_MS}\n\n`);
  return {
    format: 'event-stream',
    isBusy: () => res.writableNeedDrain,
    write: (encoded) => void res.write(encoded),
    // A block without data tells nobody anything, but its id is where the client goes on when it comes back.
    beat: (position) => void res.write(position === undefined ? ':\n\n' : `id: ${position}\n\n`),
    cut: () => void res.destroy(),
    end(reason) {
      const { code, detail } = problemOf(reason);
      if (code !== 'internal-error' && res.writable) res.write(encodeLive({ type: 'error', code, message: detail }, 'event-stream'));
      res.end();
    },
  };
}
