import { expect } from 'chai';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { projections } from '../../projections/catalogue.ts';
import { loadCheckpoint } from '../../projections/checkpoint.ts';
import { createFold } from '../../projections/fold.ts';
import { createChangeCollector } from '../../projections/changes/change-collector.ts';
import { runProjector } from '../../projections/projector.ts';
import { openReadModel } from '../../projections/read-model-file.ts';
import type { ProjectorData, ProjectorNews } from '../../projections/thread-messages.ts';
import { openEventStore, openReader, type OpenedEventStore } from '../../services/event-store/open.ts';
import type { Position, RecordedEvent } from '../../services/event-store/port.ts';
import { appendHistory } from './append-history.ts';
import { createRandom, takeHistory } from './random-history.ts';
import { allRows } from '../support/read-model-rows.ts';
import { openTestReadModel, recorded, temporaryFolder } from './read-model.ts';

const history = takeHistory({ seed: 41, environments: 30, pollPercent: 40, isMixed: true }, 1600);

/** What a log leaves behind when nothing ever goes wrong. */
function rowsAfter(log: readonly RecordedEvent[]): Record<string, unknown[]> {
  const model = openTestReadModel();
  model.commit(log);
  const rows = allRows(model.database);
  model.close();
  return rows;
}

describe('read models whose thread is killed', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let store: OpenedEventStore;
  let file: string;

  beforeEach(async () => {
    folder = temporaryFolder();
    store = await openEventStore({ dataDirectory: join(folder.path, 'data') });
    file = join(folder.path, 'read-models.db');
  });
  afterEach(async () => {
    await store.close();
    folder.remove();
  });

  async function readLog(): Promise<RecordedEvent[]> {
    const events: RecordedEvent[] = [];
    for await (const page of store.readAll()) events.push(...page);
    return events;
  }

  /**
   * Runs the thread, appends once it is live, and kills it after so many commits, in whatever it is doing; or when it
   * has applied everything.
   */
  async function runAndKill(append: () => Promise<void>, commits: number): Promise<void> {
    const { description, transfer } = store.readerSource();
    const workerData: ProjectorData = { file, reader: description, pollFoldMs: 1, isAnew: false, watchedPolls: [] };
    const worker = new Worker(new URL('../../projections/projector-worker.ts', import.meta.url), { workerData, transferList: [...transfer] });
    let left = commits;
    let appending: Promise<Position | undefined> | undefined;
    await new Promise<void>((resolve, reject) => {
      worker.on('message', (news: ProjectorNews) => {
        if (news.kind === 'failed') reject(new Error(news.message));
        if (news.kind !== 'applied' || !news.isCaughtUp) return;
        appending ??= append().then(() => store.headPosition());
        if (left-- <= 0) resolve();
        void appending.then((head) => {
          if (head === news.position) resolve();
        }, reject);
      });
      worker.on('error', reject);
    });
    await worker.terminate();
    await appending;
  }

  it('hold at any kill exactly the rows of the events up to their checkpoint, and in the end those of all events', async () => {
    const random = createRandom(6);
    const revisions = new Map<string, number>();
    let appended = 0;
    const partial = new Set<number>();
    for (let round = 0; round < 8; round++) {
      const part = history.slice(appended, (appended += history.length / 8));
      // Small appends make many commits for the kill to fall into.
      const append = async () => {
        for (let from = 0; from < part.length; from += 4) await appendHistory(store, part.slice(from, from + 4), revisions);
      };
      await runAndKill(append, 1 + random(25));
      const { database, discarded } = openReadModel(file, projections);
      expect(discarded).to.equal(undefined);
      const log = await readLog();
      const { ordinal } = loadCheckpoint(database);
      partial.add(ordinal / log.length);
      expect(allRows(database)).to.deep.equal(rowsAfter(log.slice(0, ordinal)));
      database.close();
    }
    expect([...partial].filter((share) => share < 1).length, 'kills in the middle').to.be.greaterThan(3);
    await runAndKill(async () => undefined, Number.POSITIVE_INFINITY);
    const { database } = openReadModel(file, projections);
    expect(allRows(database)).to.deep.equal(rowsAfter(await readLog()));
    database.close();
  });

  it('write rows and checkpoint together or not at all', () => {
    const { database } = openReadModel(file, projections);
    const log = recorded(history);
    const fold = createFold(database, projections);
    fold.take(log.slice(0, 700));
    fold.commit();
    const before = allRows(database);
    database.exec("CREATE TRIGGER full_disk BEFORE UPDATE ON checkpoint BEGIN SELECT raise(ABORT, 'disk full'); END");
    database.exec("CREATE TRIGGER full_disk_2 BEFORE INSERT ON checkpoint BEGIN SELECT raise(ABORT, 'disk full'); END");
    fold.take(log.slice(700, 1400));
    expect(() => fold.commit()).to.throw('disk full');
    expect(allRows(database)).to.deep.equal(before);
    expect(loadCheckpoint(database).last?.position).to.equal('700');
    database.exec('DROP TRIGGER full_disk; DROP TRIGGER full_disk_2');
    const again = createFold(database, projections);
    expect(again.committed).to.equal('700');
    again.take(log.slice(700));
    again.commit();
    expect(allRows(database)).to.deep.equal(rowsAfter(log));
    database.close();
  });

  describe('and those that are asked to stop', () => {
    let database: DatabaseSync;
    beforeEach(() => ({ database } = openReadModel(file, projections)));
    afterEach(() => database.close());

    it('write the polls that still wait for company', async () => {
      const [polls, decisions] = [history.filter(({ type }) => type === 'AgentPolled'), history.filter(({ type }) => type !== 'AgentPolled')];
      await appendHistory(store, decisions);
      const reader = await openReader(store.readerSource().description);
      const stopping = new AbortController();
      const fold = createFold(database, projections);
      const live = Promise.withResolvers<undefined>();
      const running = runProjector({
        changes: createChangeCollector(),
        reader,
        fold,
        pollFoldMs: 60_000,
        signal: stopping.signal,
        onApplied: () => live.resolve(undefined),
      });
      await live.promise;
      await appendHistory(store, polls);
      while (fold.pending < polls.length) await nextTurn();
      stopping.abort();
      await running;
      expect(allRows(database)).to.deep.equal(rowsAfter(await readLog()));
      await reader.close();
    });
  });
});
