/** Whether a server's read models are what its record makes of empty ones: asked of every server that a test had. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { projections } from '../../projections/catalogue.ts';
import { loadCheckpoint } from '../../projections/checkpoint.ts';
import { createFold } from '../../projections/fold.ts';
import { openReadModel } from '../../projections/read-model-file.ts';
import { openLogReader, openServerEventStore } from '../../services/event-store/open.ts';
import { EventStoreError, type EventReader, type Position } from '../../services/event-store/port.ts';
import { rowDifferences } from './read-model-rows.ts';
import { createTemporaryFolder } from './temporary-folder.ts';

/** Events that a commit carries. */
const TOGETHER = 20_000;

/**
 * Replays the record of a data directory into read models of its own, as far as the directory's have come, and throws with the rows that
 * differ. Nothing is written, and a server may run on it. `eventStore` is the connection string where that is the record.
 */
export async function expectReadModelsAsReplayed(dataDir: string, eventStore?: string): Promise<void> {
  const file = path.join(dataDir, 'read-models', 'read-models.db');
  if (!existsSync(file)) return;
  // An installation from before there was a choice has no such file.
  const kind = path.join(dataDir, 'event-store-kind');
  const isServers = existsSync(kind) && readFileSync(kind, 'utf8').trim() === 'eventstoredb';
  if (isServers && eventStore === undefined) return;
  const reader = eventStore === undefined ? openLogReader(dataDir) : await openIfThere(eventStore);
  if (reader === undefined) return;
  const folder = createTemporaryFolder();
  const live = new DatabaseSync(file, { readOnly: true });
  const { database: replayed } = openReadModel(path.join(folder.path, 'read-models.db'), projections);
  try {
    // One state of them, however long they are looked at.
    live.exec('BEGIN');
    const { last } = loadCheckpoint(live);
    if (last !== undefined) await replay(reader, last.position, createFold(replayed, projections));
    const differences = rowDifferences(live, replayed);
    if (differences !== '') throw new Error(`the read models of ${dataDir} are not what a replay makes of its record:\n${differences}`);
  } finally {
    await reader.close();
    live.close();
    replayed.close();
    folder.remove();
  }
}

/** A store of another process may have gone before whoever recorded in it. */
async function openIfThere(eventStore: string): Promise<EventReader | undefined> {
  try {
    return await openServerEventStore(eventStore);
  } catch (error) {
    if (error instanceof EventStoreError && error.code === 'event-store-unavailable') return undefined;
    throw error;
  }
}

async function replay(reader: EventReader, through: Position, fold: ReturnType<typeof createFold>): Promise<void> {
  for await (const page of reader.readAll()) {
    const events = page.filter(({ position }) => reader.comparePositions(position, through) <= 0);
    fold.take(events);
    if (fold.pending >= TOGETHER) fold.commit();
    if (events.length < page.length) break;
  }
  fold.commit();
}
