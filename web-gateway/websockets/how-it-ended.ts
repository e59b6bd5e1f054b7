/** How a process ended: an engine may know it only a moment after the end of what it said. */
import { setTimeout as delay } from 'node:timers/promises';

export interface ProcessState {
  readonly isRunning: boolean;
  /** Null while it runs, and where nobody knows. */
  readonly exitCode: number | null;
}

/** What still runs after so long was detached from. */
const WITHIN_MS = 2_000;
const LOOK_MS = 50;

/** Throws what `look` throws, and the signal's reason. */
export async function howItEnded(look: () => Promise<ProcessState>, signal: AbortSignal): Promise<ProcessState> {
  const untilMs = performance.now() + WITHIN_MS;
  for (;;) {
    const state = await look();
    if (!state.isRunning || performance.now() >= untilMs) return state;
    await delay(LOOK_MS, undefined, { signal });
  }
}

/** Of an engine's own words, which may be anything. */
export function processState({ Running: running, ExitCode: code }: { readonly Running?: unknown; readonly ExitCode?: unknown }): ProcessState {
  const isRunning = running === true;
  return { isRunning, exitCode: !isRunning && typeof code === 'number' && Number.isInteger(code) ? code : null };
}
