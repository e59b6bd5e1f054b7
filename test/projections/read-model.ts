/** Read models in the test's own thread: a real file, real rows, and the events given. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projections } from '../../projections/catalogue.ts';
import { findEnvironment } from '../../projections/environments/queries.ts';
import { createFold } from '../../projections/fold.ts';
import type { EnvironmentView } from '../../projections/port.ts';
import { openReadModel } from '../../projections/read-model-file.ts';
import { schemaVersions } from '../../services/domain/event-codec.ts';
import type { DomainEvent } from '../../services/domain/events.ts';
import type { RecordedEvent } from '../../services/event-store/port.ts';
import type { HistoryEvent } from './random-history.ts';

/** Gives events their places, as a log of their own. */
export function recorded(history: readonly HistoryEvent[]): RecordedEvent[] {
  const revisions = new Map<string, number>();
  return history.map((event, index) => {
    const revision = (revisions.get(event.stream) ?? -1) + 1;
    revisions.set(event.stream, revision);
    return { ...event, revision, position: String(index + 1), createdAtMs: 0 };
  });
}

/** A folder of its own for a test. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'homeport-projections-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface TestReadModel {
  readonly database: DatabaseSync;
  /** Takes and commits. */
  commit(events: readonly RecordedEvent[]): void;
  /** Records domain events one after the other, each in a commit of its own. */
  apply(...events: readonly DomainEvent[]): void;
  /** The environment as users see it. */
  find(environmentId: string): EnvironmentView | null;
  /** As find, where there must be one. */
  see(environmentId: string): EnvironmentView;
  close(): void;
}

/** Opens an empty read model in a folder that goes with it. */
export function openTestReadModel(): TestReadModel {
  const folder = temporaryFolder();
  const { database } = openReadModel(join(folder.path, 'read-models.db'), projections);
  const fold = createFold(database, projections);
  const find = findEnvironment.prepare(database);
  let count = 0;

  const commit = (events: readonly RecordedEvent[]) => {
    fold.take(events);
    fold.commit();
  };

  return {
    database,
    commit,
    apply(...events) {
      for (const { type, data } of events) {
        const revision = count++;
        const metadata = JSON.stringify({ recordedAt: data.at, schemaVersion: schemaVersions[type] });
        const id = `00000000-0000-4000-8000-${String(count).padStart(12, '0')}`;
        commit([{ id, type, data: JSON.stringify(data), metadata, stream: 'environment-a', revision, position: String(count), createdAtMs: 0 }]);
      }
    },
    find: (environmentId) => find({ environmentId }),
    see(environmentId) {
      const view = find({ environmentId });
      if (view === null) throw new Error(`there is no environment ${environmentId}`);
      return view;
    },
    close() {
      database.close();
      folder.remove();
    },
  };
}
