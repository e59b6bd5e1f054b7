/** Builds read models anew that another version built, while those go on answering; where that fails it is tried again. */
import type { Logger } from 'pino';

/** How long after a failure it is tried again, in milliseconds: it may be the disk that is full. */
const retryMs = 60_000;

export interface BackgroundRebuild {
  /** Begins, where it has not. */
  begin(): void;
  /** Ends what is under way; resolves when it has. */
  close(): Promise<void>;
}

/** Creates it. `rebuild` resolves once the new read models answer, and must end soon after its signal aborts. */
export function createBackgroundRebuild({ file, logger, rebuild }: { readonly file: string; readonly logger: Logger; readonly rebuild: (signal: AbortSignal) => Promise<void> }): BackgroundRebuild {
  const closing = new AbortController();
  let running: Promise<void> | undefined;
  let retry: NodeJS.Timeout | undefined;

  async function run(): Promise<void> {
    try {
      logger.info({ file }, 'another version built the read models: they answer while new ones are built');
      await rebuild(closing.signal);
      logger.info({ file }, 'the read models were built by this version now');
    } catch (error) {
      if (closing.signal.aborted) return;
      logger.warn({ err: error, file, retryMs }, 'the read models of another version answer on: new ones could not be built');
      retry = setTimeout(begin, retryMs);
    } finally {
      running = undefined;
    }
  }

  function begin(): void {
    if (closing.signal.aborted) return;
    clearTimeout(retry);
    running ??= run();
  }

  return {
    begin,
    async close() {
      closing.abort();
      clearTimeout(retry);
      await running;
    },
  };
}
