/** Builds read models in a second file, beside those that answer meanwhile. */
import { renameSync } from 'node:fs';
import type { Logger } from 'pino';
import type { EventStore, Position } from '../services/event-store/port.ts';
import { createAppliedPosition } from './applied-position.ts';
import { startProjectorThread } from './projector-thread.ts';
import { deleteReadModel } from './read-model-file.ts';
import type { AppliedSoFar } from './rebuild-progress.ts';

export interface ProjectorBeside {
  /** Throws ProjectionsError projections-failed, or projections-closed once the signal aborted. */
  untilCaughtUp(): Promise<void>;
  /** Throws as `untilCaughtUp` does. */
  until(position: Position): Promise<void>;
  /** Ends the building and puts the file in the place of another, which nobody may have open. */
  moveTo(file: string): Promise<void>;
  /** Ends the building; a file that was not moved is deleted. */
  close(): Promise<void>;
}

/** Starts building, from the first event on. */
export function startProjectorBeside(options: {
  readonly file: string;
  readonly eventStore: Pick<EventStore, 'readerSource' | 'comparePositions'>;
  readonly pollFoldMs: number;
  readonly logger: Logger;
  readonly onProgress: (soFar: AppliedSoFar) => void;
  readonly signal: AbortSignal;
}): ProjectorBeside {
  const { file, eventStore, pollFoldMs, logger, onProgress, signal } = options;
  const reached = createAppliedPosition((a, b) => eventStore.comparePositions(a, b));
  const stop = () => reached.close();
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop);
  const projector = startProjectorThread({
    file,
    eventStore,
    pollFoldMs,
    isAnew: true,
    logger,
    onOpened: () => undefined,
    onApplied(position, isCaughtUp, events) {
      reached.advance(position, isCaughtUp);
      onProgress({ applied: position, events });
    },
    onFailed: (reason) => reached.fail(reason),
  });

  return {
    untilCaughtUp: () => reached.untilCaughtUp(),
    until: (position) => reached.until(position),

    async moveTo(other) {
      await projector.close();
      deleteReadModel(other);
      renameSync(file, other);
    },

    async close() {
      signal.removeEventListener('abort', stop);
      await projector.close();
      deleteReadModel(file);
    },
  };
}
