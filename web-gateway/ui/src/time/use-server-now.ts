/** The server's time as a value that moves on. One timer serves everything that is shown. */
import { useSyncExternalStore } from 'react';
import { serverNow } from './server-clock.ts';

const TICK_MS = 1000;

let nowMs = serverNow();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) nowMs = serverNow();
  timer ??= setInterval(() => {
    nowMs = serverNow();
    for (const one of listeners) one();
  }, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** Milliseconds since 1970 by the server's clock, every second anew. */
export function useServerNow(): number {
  return useSyncExternalStore(subscribe, () => nowMs);
}

/** A text that depends on the server's time, made every second anew: who shows it is drawn again only where it became another. */
export function useServerText(textAt: (nowMs: number) => string): string {
  return useSyncExternalStore(subscribe, () => textAt(nowMs));
}
