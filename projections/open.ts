/** Opens the read models: a thread that writes them, threads that answer from them, and who waits for what. */
import { renameSync } from 'node:fs';
import type { Logger } from 'pino';
import type { EventStore, Position } from '../services/event-store/port.ts';
import { createAppliedPosition } from './applied-position.ts';
import { decodeCursor, encodeCursor } from './environments/list-cursor.ts';
import { findEnvironment, listEnvironments } from './environments/queries.ts';
import { ProjectionsError, type EnvironmentQueries, type Projections } from './port.ts';
import { startProjectorThread, type ProjectorThread } from './projector-thread.ts';
import { startQueryThreads, type QueryThreads } from './query-threads.ts';
import { deleteReadModel } from './read-model-file.ts';
import { createStartupQueries } from './startup-queries.ts';

export interface ProjectionsOptions {
  readonly eventStore: Pick<EventStore, 'readerSource' | 'headPosition' | 'comparePositions'>;
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
  const opening = Promise.withResolvers<undefined>();
  let threads: QueryThreads | undefined;

  function startProjector(): ProjectorThread {
    return startProjectorThread({
      file,
      eventStore,
      pollFoldMs,
      logger,
      onOpened(position, isNew) {
        if (isNew || applied.current() === undefined) applied.restart(position);
        // Whoever has the deleted file open would go on reading it.
        if (isNew) void threads?.release().then(() => threads?.resume());
        opening.resolve(undefined);
      },
      onApplied: (position, isCaughtUp) => applied.advance(position, isCaughtUp),
      onFailed(reason) {
        applied.fail(reason);
        opening.reject(new ProjectionsError('projections-failed', `the read models ${file} can't be opened: ${reason}`));
      },
    });
  }

  let projector = startProjector();
  try {
    await opening.promise;
  } catch (error) {
    await projector.close();
    throw error;
  }
  const asked = startQueryThreads({ file, threads: queryThreads, logger, onCorrupt: () => projector.startAnew() });
  threads = asked;
  let rebuilding: Promise<void> | undefined;
  const closing = new AbortController();

  async function rebuild(onProgress: NonNullable<Parameters<Projections['rebuild']>[0]>): Promise<void> {
    const nextFile = `${file}.rebuild`;
    const reached = createAppliedPosition(compare);
    closing.signal.addEventListener('abort', () => reached.close(), { once: true });
    const next = startProjectorThread({
      file: nextFile,
      eventStore,
      pollFoldMs,
      isAnew: true,
      logger,
      onOpened: () => undefined,
      onApplied(position, isCaughtUp) {
        reached.advance(position, isCaughtUp);
        onProgress({ applied: position });
      },
      onFailed: (reason) => reached.fail(reason),
    });
    try {
      await reached.untilCaughtUp();
      await projector.close();
      // What the old file shows, the new one shows too.
      const shown = applied.current();
      if (shown !== undefined) await reached.until(shown);
      await next.close();
      await asked.release();
      deleteReadModel(file);
      renameSync(nextFile, file);
    } finally {
      await next.close();
      deleteReadModel(nextFile);
      // The old one where it never stopped, or the new one, or where neither could go on the old one again.
      await projector.close();
      if (!closing.signal.aborted) projector = startProjector();
      asked.resume();
    }
  }

  const environments: EnvironmentQueries = {
    async list({ cursor, ...filters }) {
      if (!(filters.limit >= 1 && filters.limit <= 1000)) throw new RangeError('a page has 1 to 1000 environments');
      const after = cursor === undefined ? null : decodeCursor(cursor);
      const { items, next, total } = await asked.ask(listEnvironments, { ...filters, after });
      return { items, nextCursor: next === null ? null : encodeCursor(next), total };
    },
    find: async (environmentId) => (await asked.ask(findEnvironment, { environmentId })) ?? undefined,
  };

  return {
    environments,
    startup: createStartupQueries(asked),
    state: () => applied.state(),
    appliedPosition: () => applied.current(),

    async whenCaughtUp(signal) {
      const head = await eventStore.headPosition();
      if (head === undefined) await applied.untilCaughtUp(signal);
      else await applied.until(head, signal);
    },

    async whenApplied(position, timeoutMs) {
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
    },

    rebuild(onProgress = () => undefined) {
      rebuilding ??= rebuild(onProgress).finally(() => {
        rebuilding = undefined;
      });
      return rebuilding;
    },

    async close() {
      closing.abort();
      applied.close();
      await rebuilding?.catch(() => undefined);
      await projector.close();
      await asked.close();
    },
  };
}
