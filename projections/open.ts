/** Opens the read models: a thread that writes them, threads that answer from them, and who waits for what. */
import type { Logger } from 'pino';
import type { EventStore, Position } from '../services/event-store/port.ts';
import { createAppliedPosition } from './applied-position.ts';
import { createBackgroundRebuild } from './background-rebuild.ts';
import { createRecentChanges } from './changes/recent-changes.ts';
import { createPastQueries } from './past.ts';
import { ProjectionsError, type Projections, type RebuildProgress } from './port.ts';
import { lagBehind } from './lag.ts';
import { startProjectorThread, type ProjectorThread } from './projector-thread.ts';
import { startQueryThreads } from './query-threads.ts';
import { startProjectorBeside } from './projector-beside.ts';
import { createReadModelQueries } from './read-model-queries.ts';
import { deleteReadModel } from './read-model-file.ts';
import { createRebuildProgress } from './rebuild-progress.ts';
import { createSharedRebuild } from './shared-rebuild.ts';
import { createStartupQueries } from './startup-queries.ts';

export interface ProjectionsOptions {
  readonly eventStore: Pick<EventStore, 'readerSource' | 'readAll' | 'headPosition' | 'comparePositions' | 'countBetween'>;
  /** The read-model file; its folder must exist. It may be deleted while nothing runs, and is built again. */
  readonly file: string;
  readonly logger: Logger;
  /** How long polls may wait to be written together, in milliseconds; 250 by default. */
  readonly pollFoldMs?: number;
  /** Threads that answer queries; 1 by default. */
  readonly queryThreads?: number;
}

/**
 * Opens the read models and begins to catch up; resolves when they can be queried.
 * Throws {@link ProjectionsError} projections-failed where the file can't be opened.
 */
export async function createProjections(options: ProjectionsOptions): Promise<Projections> {
  const { eventStore, file, logger, pollFoldMs = 250, queryThreads = 1 } = options;
  const compare = (a: Position, b: Position) => eventStore.comparePositions(a, b);
  const applied = createAppliedPosition(compare);
  let watchedPolls: readonly string[] = [];
  const changes = createRecentChanges({
    compare,
    onPollsWatched(environmentIds) {
      watchedPolls = environmentIds;
      projector.watchPolls(environmentIds);
    },
  });
  const opening = Promise.withResolvers<undefined>();
  const closing = new AbortController();
  // What a rebuild left that was killed.
  deleteReadModel(`${file}.rebuild`);
  const threads = startQueryThreads({ file, threads: queryThreads, logger, onCorrupt: () => projector.startAnew() });
  let projector = startProjector();
  const rebuilding = createSharedRebuild(rebuild);
  let rebuilt: RebuildProgress | undefined;
  const outdated = createBackgroundRebuild({
    file,
    logger,
    async rebuild(signal) {
      // First what is new for those who ask now.
      await applied.untilCaughtUp(signal);
      await rebuilding.ask(() => undefined, signal);
    },
  });

  function startProjector(): ProjectorThread {
    return startProjectorThread({
      file,
      eventStore,
      pollFoldMs,
      watchedPolls,
      logger,
      onOpened(position, isNew, isOutdated) {
        const shown = applied.current();
        // Another file, or a commit of which the thread could not tell any more.
        const isUntold = isNew || shown === undefined || (position !== undefined && compare(position, shown) > 0);
        if (isNew || shown === undefined) applied.restart(position);
        if (isUntold) changes.restart(position);
        // Whoever has the deleted file open would go on reading it.
        if (isNew) void threads.release().then(() => threads.resume());
        if (isOutdated) outdated.begin();
        opening.resolve(undefined);
      },
      onApplied(position, isCaughtUp, _events, collected) {
        applied.advance(position, isCaughtUp);
        changes.commit(applied.current(), collected);
      },
      onFailed(reason) {
        applied.fail(reason);
        opening.reject(new ProjectionsError('projections-failed', `the read models ${file} can't be opened: ${reason}`));
      },
    });
  }

  /** The next read models are built beside these, and take their file when they are as far. */
  async function rebuild(onProgress: (progress: RebuildProgress) => void, signal: AbortSignal): Promise<void> {
    rebuilt = { events: 0, share: null };
    const report = await createRebuildProgress(eventStore, (progress) => {
      rebuilt = progress;
      onProgress(progress);
    }).catch((error: unknown) => {
      rebuilt = undefined;
      throw error;
    });
    const next = startProjectorBeside({ file: `${file}.rebuild`, eventStore, pollFoldMs, logger, onProgress: report, signal: AbortSignal.any([signal, closing.signal]) });
    try {
      await next.untilCaughtUp();
      await projector.close();
      // What the old file shows, the new one shows too.
      const shown = applied.current();
      if (shown !== undefined) await next.until(shown);
      await threads.release();
      await next.moveTo(file);
    } finally {
      await next.close();
      rebuilt = undefined;
      // The old ones, where they go on because it came to nothing, or the new ones.
      await projector.close();
      if (!closing.signal.aborted) projector = startProjector();
      threads.resume();
    }
  }

  async function whenApplied(position: Position, timeoutMs: number): Promise<boolean> {
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), timeoutMs);
    try {
      await applied.until(position, timeout.signal);
      return true;
    } catch (error) {
      if (timeout.signal.aborted || error instanceof ProjectionsError) return false;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  try {
    await opening.promise;
  } catch (error) {
    await projector.close();
    await threads.close();
    throw error;
  }

  return {
    ...createReadModelQueries(threads),
    past: createPastQueries(threads, eventStore),
    startup: createStartupQueries(threads),
    changes,
    state: () => applied.state(),
    rebuilding: () => rebuilt,
    appliedPosition: () => applied.current(),
    lag: () => lagBehind(eventStore, applied.current(), Date.now()),

    async whenCaughtUp(signal) {
      const head = await eventStore.headPosition();
      if (head === undefined) await applied.untilCaughtUp(signal);
      else await applied.until(head, signal);
    },

    whenApplied,

    async whenComplete(timeoutMs) {
      const head = await eventStore.headPosition();
      return head === undefined || (await whenApplied(head, timeoutMs));
    },

    rebuild: (onProgress = () => undefined, signal) => rebuilding.ask(onProgress, signal),

    async close() {
      closing.abort();
      applied.close();
      await outdated.close();
      await rebuilding.close();
      await projector.close();
      await threads.close();
    },
  };
}
