/** A log in a folder of its own, with what tests look at beside the port. */
import { randomUUID } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { eventLogFile, openEventStore, type EmbeddedEventStore, type OpenEventStoreOptions } from '../../../services/event-store/open.ts';
import type { NewEvent, RecordedEvent } from '../../../services/event-store/port.ts';
import type { LogVerification } from '../../../services/event-store/log-verification.ts';
import { verifyLog } from '../../../services/event-store/sqlite/verify-log.ts';
import { makeTemporaryDirectory } from '../temporary-directory.ts';

export interface TestLog {
  readonly store: EmbeddedEventStore;
  readonly file: string;
  readonly dataDirectory: string;
  /** Closes the store and opens it again. */
  reopen(options?: Omit<OpenEventStoreOptions, 'dataDirectory'>): Promise<void>;
  /** Runs SQL on the file, beside the store. */
  query(sql: string): Record<string, unknown>[];
  change(sql: string): void;
  verify(): LogVerification;
  remove(): Promise<void>;
}

export async function openTestLog(options: Omit<OpenEventStoreOptions, 'dataDirectory'> = {}): Promise<TestLog> {
  const directory = makeTemporaryDirectory();
  const dataDirectory = directory.path;
  const file = eventLogFile(dataDirectory);
  let store = await openEventStore({ dataDirectory, ...options });
  const withDatabase = <T>(use: (database: DatabaseSync) => T): T => {
    const database = new DatabaseSync(file, { timeout: 5_000 });
    try {
      return use(database);
    } finally {
      database.close();
    }
  };
  return {
    get store() {
      return store;
    },
    file,
    dataDirectory,
    reopen: async (changed = options) => {
      await store.close();
      store = await openEventStore({ dataDirectory, ...changed });
    },
    query: (sql) => withDatabase((database) => database.prepare(sql).all()),
    change: (sql) => withDatabase((database) => database.exec(sql)),
    verify: () => withDatabase((database) => verifyLog(database)),
    remove: async () => {
      await store.close();
      directory.remove();
    },
  };
}

export function newEvent(type = 'ThingHappened', data: unknown = {}): NewEvent {
  return { id: randomUUID(), type, data: JSON.stringify(data), metadata: '{}' };
}

export function newEvents(count: number, type?: string, data?: unknown): NewEvent[] {
  return Array.from({ length: count }, () => newEvent(type, data));
}

export async function collect(pages: AsyncIterable<readonly RecordedEvent[]>): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const page of pages) events.push(...page);
  return events;
}
