/** Which event store this installation records in: opened as the flags say, and never changed by a forgotten flag. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isRestoreUnfinished } from '../archive/unfinished-restore.ts';
import { eventLogFile, type OpenedEventStore, openEventStore, openServerEventStore } from '../event-store/open.ts';
import { EventStoreError } from '../event-store/port.ts';
import { StartError, startErrorCodeOf } from './start-error.ts';
import { readIfPresent, writeWhole } from './tls/key-files.ts';

/** The store, and whether it has no history of this installation yet. */
export interface ChosenEventStore {
  readonly store: OpenedEventStore;
  readonly isNew: boolean;
}

/** Whether a choice names a server. */
const isServer = (choice: string): boolean => /^esdb(\+discover)?:\/\//.test(choice);

/**
 * Opens `sqlite` (the embedded store) or the server of an `esdb://…` connection string, and remembers in the data directory which kind it
 * was. Throws {@link StartError} `event-store-unknown`, `event-store-changed`, `restore-unfinished`, and the store's errors.
 */
export async function openChosenEventStore(dataDir: string, choice = 'sqlite'): Promise<ChosenEventStore> {
  if (choice !== 'sqlite' && !isServer(choice)) {
    throw new StartError('event-store-unknown', '--event-store is sqlite, or the connection string of an EventStoreDB: esdb://… or esdb+discover://…');
  }
  if (isRestoreUnfinished(dataDir)) {
    throw new StartError('restore-unfinished', `a restore into ${dataDir} was interrupted, and what is there is not whole: run homeport restore again`);
  }
  const kind = choice === 'sqlite' ? 'sqlite' : 'eventstoredb';
  const file = join(dataDir, 'event-store-kind');
  const before = readIfPresent(file)?.trim() ?? (existsSync(eventLogFile(dataDir)) ? 'sqlite' : undefined);
  if (before !== undefined && before !== kind) {
    const other = before === 'sqlite' ? 'the embedded event store' : 'an EventStoreDB: name it by --event-store';
    throw new StartError('event-store-changed', `this installation records in ${other}. To record elsewhere, move its events: homeport events export and events import; or begin a new installation, with a --data-dir of its own`);
  }
  if (kind === 'sqlite') {
    const isNew = !existsSync(eventLogFile(dataDir));
    const store = await openEventStore({ dataDirectory: dataDir });
    if (before === undefined) writeWhole(file, `${kind}\n`, 0o644);
    return { store, isNew };
  }
  const store = await openServerEventStore(choice).catch((error: unknown) => {
    if (!(error instanceof EventStoreError)) throw error;
    throw new StartError(startErrorCodeOf(error), `${error.message} Check that the server runs, and that --event-store names it, its authority and an account that may read and write.`, error);
  });
  try {
    const isNew = await hasNoHistory(store);
    if (before === undefined) writeWhole(file, `${kind}\n`, 0o644);
    return { store, isNew };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Every installation begins with its first admin. */
async function hasNoHistory(store: OpenedEventStore): Promise<boolean> {
  for await (const page of store.readAll({ filter: { streamPrefixes: ['user-'] }, limit: 1 })) if (page.length > 0) return false;
  return true;
}
