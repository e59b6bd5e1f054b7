/** Work that may be interrupted, and says what became of it. */
import { CliError } from './cli-error.ts';
import { interruption } from './stop-signals.ts';

/** `outcome` says what an interruption leaves, such as "FILE was not written". Throws CliError `interrupted`, and as the work does. */
export async function interruptible<Result>(outcome: string, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const { signal, release } = interruption();
  try {
    return await work(signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new CliError('interrupted', `interrupted: ${outcome}; run it again`, { cause: error });
  } finally {
    release();
  }
}
