/** Reads a call's answers in pages: whatever has arrived, up to a bound. A call that falls silent is ended. */
import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import { EventStoreError } from '../port.ts';
import type { ReadCall } from './server-connection.ts';

const pageAnswers = 512;

/** How a call is read. */
export interface PageOptions {
  /** So long nothing may come, in milliseconds, before the call counts as dead; undefined where silence is normal. */
  readonly silenceMs: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Yields the answers in order until the call ends, and cancels it when the reader leaves. Rejects with what the call fails of, with
 * {@link EventStoreError} `event-store-unavailable` after silence, and ends quietly where `signal` aborts.
 */
export async function* responsePages(call: ReadCall, { silenceMs, signal }: PageOptions): AsyncGenerator<readonly ReadResp[]> {
  const outcome: { failure: Error | undefined; hasEnded: boolean } = { failure: undefined, hasEnded: false };
  let wake: () => void = () => undefined;
  const note = () => wake();
  call.on('readable', note);
  call.once('end', () => {
    outcome.hasEnded = true;
    wake();
  });
  // An error listener stays: a cancelled call still says so.
  call.on('error', (error: Error) => {
    outcome.failure ??= error;
    wake();
  });
  signal?.addEventListener('abort', note);
  try {
    while (signal?.aborted !== true) {
      const page: ReadResp[] = [];
      while (page.length < pageAnswers) {
        const answer = next(call);
        if (answer === undefined) break;
        page.push(answer);
      }
      if (page.length > 0) {
        yield page;
        continue;
      }
      if (outcome.failure !== undefined) throw outcome.failure;
      if (outcome.hasEnded) return;
      const isSilent = await new Promise<boolean>((resolve) => {
        const timer = silenceMs === undefined ? undefined : setTimeout(() => resolve(true), silenceMs);
        wake = () => {
          clearTimeout(timer);
          resolve(false);
        };
      });
      if (isSilent) throw new EventStoreError('event-store-unavailable', `The event store has sent nothing for ${silenceMs} ms.`);
    }
  } finally {
    call.off('readable', note);
    signal?.removeEventListener('abort', note);
    call.cancel();
    // A call whose answers had all come is not ended by that, but by taking them; the client holds it until then, and waits for it.
    call.resume();
  }
}

function next(call: ReadCall): ReadResp | undefined {
  // grpc-js leaves out of its types that there may be nothing yet.
  const read: () => ReadResp | null = () => call.read();
  return read() ?? undefined;
}
