/** Runs a subscription beside a test, which waits for what it needs to see. */
import type { RecordedEvent, SubscriptionMessage } from '../../../services/event-store/port.ts';

export interface Follower {
  readonly messages: readonly SubscriptionMessage[];
  /** The events of all messages so far. */
  readonly events: readonly RecordedEvent[];
  /** Resolves when the condition holds; rejects where the subscription ends before. */
  until(condition: (follower: Follower) => boolean): Promise<void>;
  caughtUp(): Promise<void>;
  /** Aborts and waits for the quiet end; rejects where it was not quiet. */
  stop(): Promise<void>;
  /** How the subscription ended, without an abort. */
  readonly ended: Promise<void>;
}

/** Starts following. */
export function follow(subscribe: (signal: AbortSignal) => AsyncIterable<SubscriptionMessage>): Follower {
  const controller = new AbortController();
  const messages: SubscriptionMessage[] = [];
  const events: RecordedEvent[] = [];
  const checks = new Set<() => void>();

  const run = async (): Promise<void> => {
    for await (const message of subscribe(controller.signal)) {
      messages.push(message);
      if (message.kind === 'events') events.push(...message.events);
      for (const check of [...checks]) check();
    }
  };
  const ended = run();
  ended.catch(() => undefined);

  const follower: Follower = {
    messages,
    events,
    until: (condition) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (!condition(follower)) return;
          checks.delete(check);
          resolve();
        };
        checks.add(check);
        ended.then(() => reject(new Error('The subscription ended too early.')), reject);
        check();
      }),
    caughtUp: () => follower.until(() => messages.some((message) => message.kind === 'caught-up')),
    stop: async () => {
      controller.abort();
      await ended;
    },
    ended,
  };
  return follower;
}
