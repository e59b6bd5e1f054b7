/** Knows the position of the newest event and wakes whoever waits for a newer one. */
import type { EventStoreError } from '../port.ts';

export interface HeadWatch {
  readonly head: number;
  /** A head that is not newer changes nothing. */
  advance(head: number): void;
  /** No news will come: waiters, present and future, fail with this. */
  end(error: EventStoreError): void;
  /** Resolves when the head is beyond this position, or the signal aborts. */
  beyond(position: number, signal: AbortSignal | undefined): Promise<void>;
}

/** Starts from a head that is known. */
export function createHeadWatch(initialHead: number): HeadWatch {
  let head = initialHead;
  let ended: EventStoreError | undefined;
  const waiters = new Set<() => void>();
  const wakeAll = (): void => {
    for (const wake of [...waiters]) wake();
  };

  return {
    get head() {
      return head;
    },
    advance: (newHead) => {
      if (newHead <= head) return;
      head = newHead;
      wakeAll();
    },
    end: (error) => {
      ended ??= error;
      wakeAll();
    },
    beyond: async (position, signal) => {
      while (head <= position && signal?.aborted !== true) {
        if (ended !== undefined) throw ended;
        await new Promise<void>((resolve) => {
          const wake = (): void => {
            waiters.delete(wake);
            signal?.removeEventListener('abort', wake);
            resolve();
          };
          waiters.add(wake);
          signal?.addEventListener('abort', wake);
        });
      }
    },
  };
}
