/** Rebuilds the read models of a data directory that no server runs on; while it does, none can start. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import type { RebuildProgress } from '../../projections/port.ts';
import { rebuildReadModels } from '../../projections/rebuild.ts';
import { lockDataDirectory } from '../event-store/data-directory-lock.ts';
import { openChosenEventStore } from './event-store-choice.ts';
import { startErrorOf } from './start-errors.ts';

/**
 * Those that were there stay until the new ones take their place, whatever ends it before. `eventStore` is the connection string of an
 * installation that records in an EventStoreDB. Throws {@link import('./start-error.ts').StartError}, or the signal's reason.
 */
export async function rebuildOffline(
  dataDir: string,
  options: { readonly eventStore?: string | undefined; readonly logger: Logger; readonly onProgress: (progress: RebuildProgress) => void; readonly signal: AbortSignal },
): Promise<void> {
  const { eventStore, logger, onProgress, signal } = options;
  const directory = resolve(dataDir);
  await using started = new AsyncDisposableStack();
  try {
    const lock = lockDataDirectory(directory);
    started.defer(() => {
      lock.release();
    });
    const { store } = await openChosenEventStore(directory, eventStore);
    started.defer(() => store.close());
    const readModels = join(directory, 'read-models');
    mkdirSync(readModels, { recursive: true, mode: 0o700 });
    await rebuildReadModels({ eventStore: store, file: join(readModels, 'read-models.db'), logger, onProgress, signal });
  } catch (error) {
    signal.throwIfAborted();
    throw startErrorOf(error, dataDir);
  }
}
