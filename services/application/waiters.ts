/** Those who wait for something to open, by key. */
import type { Clock } from './clock.ts';
import { ApplicationError } from './ports/application-error.ts';

export interface Waiters {
  /** Resolves at the next wake. Rejects with tunnel-timeout, with what {@link Waiters.fail} gives, or with the signal's reason. */
  wait(key: string, timeoutMs: number, signal: AbortSignal | undefined): Promise<void>;
  has(key: string): boolean;
  wake(key: string): void;
  fail(key: string, error: Error): void;
  close(): void;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Creates the waiting room. */
export function createWaiters(clock: Clock): Waiters {
  const waiting = new Map<string, Set<Waiter>>();

  function settle(key: string, how: (waiter: Waiter) => void): void {
    const those = waiting.get(key);
    waiting.delete(key);
    those?.forEach(how);
  }

  function remove(key: string, waiter: Waiter): void {
    const those = waiting.get(key);
    those?.delete(waiter);
    if (those?.size === 0) waiting.delete(key);
  }

  return {
    async wait(key, timeoutMs, signal) {
      signal?.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<undefined>();
      const waiter: Waiter = { resolve: () => { resolve(undefined); }, reject };
      const those = waiting.get(key);
      if (those === undefined) waiting.set(key, new Set([waiter]));
      else those.add(waiter);
      const stopTimer = clock.after(timeoutMs, () => {
        reject(new ApplicationError('tunnel-timeout', 'the agent opened no tunnel in time', { retryAfterSeconds: 5 }));
      });
      const onAbort = () => {
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      try {
        await promise;
      } finally {
        stopTimer();
        signal?.removeEventListener('abort', onAbort);
        remove(key, waiter);
      }
    },
    has: (key) => waiting.has(key),
    wake(key) {
      settle(key, ({ resolve }) => {
        resolve();
      });
    },
    fail(key, error) {
      settle(key, ({ reject }) => {
        reject(error);
      });
    },
    close() {
      for (const key of [...waiting.keys()]) this.fail(key, new ApplicationError('tunnel-timeout', 'the control plane is stopping', { retryAfterSeconds: 5 }));
    },
  };
}
