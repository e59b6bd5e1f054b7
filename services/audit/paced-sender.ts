/** Sends a call's answers no faster than they are taken: one burst at a time, so that a slow reader holds little, and no reader holds up others. */
import { consumerTooSlow } from './call-error.ts';
import type { Clock } from '../application/clock.ts';
import type { Turns } from './turns.ts';

/** A burst ends after so many messages, so many bytes, or so many milliseconds. */
const burstMessages = 16;
const burstBytes = 256 * 1024;
const burstMs = 3;

export interface PacedSender<Message> {
  /**
   * Resolves when all of it is on its way. `undefined` stands for work that gave no message, such as an event that a filter left out.
   * Rejects with the signal's reason, or with CallError where nothing was taken for too long.
   */
  send(messages: Iterable<Message | undefined>): Promise<void>;
}

export interface PacedSenderOptions<Message> {
  /** The call, as far as it is written to. */
  readonly call: { write(message: Message, written: () => void): boolean };
  readonly turns: Turns;
  readonly clock: Clock;
  /** Aborts when the call is over. */
  readonly signal: AbortSignal;
  /** About how much a message weighs. */
  readonly bytesOf: (message: Message) => number;
  /** The peer may leave a burst untaken for so long. */
  readonly stallMs: number;
}

/** Creates a sender for one call. */
export function createPacedSender<Message>({ call, turns, clock, signal, bytesOf, stallMs }: PacedSenderOptions<Message>): PacedSender<Message> {
  let untaken = 0;
  let onTaken: (() => void) | undefined;
  const taken = (): void => {
    untaken -= 1;
    if (untaken === 0) onTaken?.();
  };

  /** Waits until the peer has room for what was written. */
  async function whenTaken(): Promise<void> {
    if (untaken === 0) return;
    await new Promise<void>((resolve, reject) => {
      const stop = clock.after(stallMs, () => settle(() => reject(consumerTooSlow())));
      const aborted = (): void => settle(() => reject(reasonOf(signal)));
      const settle = (how: () => void): void => {
        stop();
        onTaken = undefined;
        signal.removeEventListener('abort', aborted);
        how();
      };
      onTaken = () => settle(resolve);
      signal.addEventListener('abort', aborted);
      if (signal.aborted) aborted();
    });
  }

  return {
    async send(messages) {
      let bytes = 0;
      let startedAt = performance.now();
      for (const message of messages) {
        if (message !== undefined) {
          untaken += 1;
          bytes += bytesOf(message);
          call.write(message, taken);
        }
        if (untaken < burstMessages && bytes < burstBytes && performance.now() - startedAt < burstMs) continue;
        await whenTaken();
        await turns.next();
        signal.throwIfAborted();
        bytes = 0;
        startedAt = performance.now();
      }
      await whenTaken();
    },
  };
}

function reasonOf({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new Error('The call is over.');
}
