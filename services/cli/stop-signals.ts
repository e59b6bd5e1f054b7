/** Running until a signal asks to stop. */
import { once } from 'node:events';
import { constants } from 'node:os';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** npm and a terminal both pass Ctrl-C on, so one wish to stop may arrive twice. A second wish comes later than this. */
const REPEAT_MS = 1000;

export interface Interruption {
  /** Aborts at the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  /** Resolves when it has aborted. */
  readonly happened: Promise<void>;
  /** Lets signals end the process by themselves again. */
  release(): void;
}

/** Takes over SIGINT, SIGTERM and SIGHUP until released. A second one, a second or more later, ends the process at once. */
export function interruption(): Interruption {
  const interrupted = new AbortController();
  let firstAtMs: number | undefined;
  const onSignal = (name: NodeJS.Signals): void => {
    firstAtMs ??= performance.now();
    if (performance.now() - firstAtMs >= REPEAT_MS) process.exit(128 + constants.signals[name]);
    interrupted.abort();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: interrupted.signal,
    happened: once(interrupted.signal, 'abort').then(() => undefined),
    release: () => {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}

/** Starts it, waits until interrupted, says so, and stops it; an interruption while it still starts stops it once it has started. */
export async function untilStopped(stopping: () => void, start: () => Promise<{ stop(): Promise<void> }>): Promise<void> {
  const { happened, release } = interruption();
  try {
    const running = await start();
    await happened;
    stopping();
    await running.stop();
  } finally {
    release();
  }
}
