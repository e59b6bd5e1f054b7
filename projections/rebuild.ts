/** Builds the read models anew where nobody has them open: for a process that does nothing else. */
import type { Logger } from 'pino';
import type { EventStore } from '../services/event-store/port.ts';
import type { RebuildProgress } from './port.ts';
import { startProjectorBeside } from './projector-beside.ts';
import { createRebuildProgress } from './rebuild-progress.ts';

/**
 * Builds them in a second file, which takes the first one's place at the end: whatever ends it before leaves that as it is.
 * Throws ProjectionsError projections-failed, or the signal's reason.
 */
export async function rebuildReadModels(options: {
  readonly eventStore: Pick<EventStore, 'readerSource' | 'headPosition' | 'comparePositions' | 'countBetween'>;
  /** The read-model file; its folder must exist. */
  readonly file: string;
  readonly logger: Logger;
  readonly onProgress: (progress: RebuildProgress) => void;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { eventStore, file, logger, onProgress, signal } = options;
  const report = await createRebuildProgress(eventStore, onProgress);
  const next = startProjectorBeside({ file: `${file}.rebuild`, eventStore, pollFoldMs: 0, logger, onProgress: report, signal });
  try {
    await next.untilCaughtUp();
    await next.moveTo(file);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    await next.close();
  }
}
