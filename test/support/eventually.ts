/** Waiting for what another process does in its own time. */
import { setTimeout as delay } from 'node:timers/promises';

/** How often it is looked at, in milliseconds. */
const INTERVAL_MS = 25;

/**
 * Resolves with what `look` answers once that is not undefined. Throws after `withinMs` with what was waited for, and with
 * what `look` threw last.
 */
export async function eventually<Result>(what: string, look: () => Promise<Result | undefined> | Result | undefined, withinMs = 10_000): Promise<Result> {
  const untilMs = performance.now() + withinMs;
  let lastError: unknown;
  while (performance.now() < untilMs) {
    try {
      const result = await look();
      if (result !== undefined) return result;
    } catch (error) {
      lastError = error;
    }
    await delay(INTERVAL_MS);
  }
  throw new Error(`waited ${withinMs} ms in vain for ${what}`, { cause: lastError });
}
