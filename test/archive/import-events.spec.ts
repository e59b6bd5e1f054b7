/** Events on their way from one store to another of either kind. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { createCheckpointSigner } from '../../services/application/checkpoint-signer.ts';
import { importEvents } from '../../services/archive/import-events.ts';
import type { ImportResult } from '../../services/archive/import-result.ts';
import { verifyExport } from '../../services/archive/verify-export.ts';
import { archiveSource, type ExportSource, writeExport } from '../../services/archive/write-export.ts';
import { verifyRecord } from '../../services/audit/verification.ts';
import { openEventStore, openLogArchive } from '../../services/event-store/open.ts';
import type { EventStore, NewEvent, RecordedEvent } from '../../services/event-store/port.ts';
import { startFront, type FrontUnderTest } from '../audit/support/front-under-test.ts';
import { collect, newEvent, newEvents, openTestLog, type TestLog } from '../event-store/sqlite/open-log.ts';
import { createTemporaryFolder } from '../support/temporary-folder.ts';
import { exportTo, respoken } from './support/exports.ts';

const signer = createCheckpointSigner(Buffer.alloc(32, 9));

/** A log that has lived: expired polls, hidden and removed events, metadata, a deleted stream, texts that are no plain JSON. */
async function livedLog(): Promise<TestLog> {
  const log = await openTestLog();
  const { store } = log;
  await store.append('environment-a', newEvents(4, 'EnvironmentRenamed', { name: 'a' }), { expectedRevision: 'no-stream' });
  await store.append('polls-cp_1', newEvents(30, 'AgentPolled'), { expectedRevision: 'no-stream' });
  await store.setStreamMetadata('environment-a', { maxCount: 2, owner: 'ops' });
  await store.append('tunnel-a', [newEvent('TunnelOpened'), { ...newEvent('TunnelClosed'), data: ' {"b" : 1.0,\n "2":0, "1":0}', metadata: '' }], { expectedRevision: 'no-stream' });
  await store.append('polls-cp_1', newEvents(30, 'AgentPolled'), { expectedRevision: 29 });
  await store.append('gone-1', newEvents(2), { expectedRevision: 'no-stream' });
  await store.tombstoneStream('gone-1', { expectedRevision: 1 });
  const head = await store.chain.head();
  if (head === undefined) throw new Error('the log is empty');
  await store.append('checkpoints', newEvents(1, 'CheckpointSigned', signer.sign({ controlPlaneNode: 'cp1', ...head, at: '2026-01-31T10:00:00.000Z' })), { expectedRevision: 'no-stream' });
  await store.maintenance.expire({ category: 'polls', keepEvents: 30 });
  await store.maintenance.scavenge();
  return log;
}

const own = ({ stream, type }: RecordedEvent): boolean => !stream.startsWith('$') && !type.startsWith('$') && stream !== 'imports';
const told = ({ id, stream, type, data, metadata }: RecordedEvent): NewEvent & { readonly stream: string } => ({ id, stream, type, data, metadata: metadata === '' ? '{}' : metadata });
const logged = async (store: EventStore): Promise<RecordedEvent[]> => collect(store.readAll());

describe('events import', () => {
  const folder = createTemporaryFolder();
  let log: TestLog;
  let file: string;
  before(async () => {
    log = await livedLog();
    file = await exportTo(folder.path, 'export', log);
  });
  after(async () => {
    await log.remove();
    folder.remove();
  });

  const into = (directory: string, from = file, signal?: AbortSignal, onProgress: () => void = () => undefined): Promise<ImportResult> =>
    importEvents({ file: from, dataDirectory: path.join(folder.path, directory), server: undefined, onProgress, ...(signal === undefined ? {} : { signal }) });
  const codeOf = async (attempt: Promise<unknown>): Promise<unknown> => attempt.then(() => undefined, (error: unknown) => (error as { readonly code?: unknown }).code);

  it('brings the log of an embedded store into another as it was: positions, revisions, chain, what has expired; and its writer goes on from there', async () => {
    const result = await into('twin');
    const before = await logged(log.store);
    expect(result).to.deep.include({ isAsItWas: true, events: before.length, renumbered: [], problem: undefined });
    const dataDirectory = path.join(folder.path, 'twin');
    const { chain, first, recorded, events } = verifyRecord({ dataDirectory });
    expect([chain, first, recorded.fitting, events]).to.deep.equal([log.verify().chain, undefined, 1, before.length]);
    const store = await openEventStore({ dataDirectory });
    try {
      expect(await logged(store)).to.deep.equal(before);
      expect((await store.getStreamMetadata('environment-a')).metadata).to.deep.equal({ maxCount: 2, owner: 'ops' });
      expect((await store.append('polls-cp_1', newEvents(1), { expectedRevision: 59 })).revision).to.equal(60);
      expect(await codeOf(store.append('gone-1', newEvents(1), { expectedRevision: 'any' }))).to.equal('stream-deleted');
      // What expires goes on where it was.
      await store.maintenance.expire({ category: 'polls', keepEvents: 5 });
    } finally {
      await store.close();
    }
    expect(verifyRecord({ dataDirectory }).first).to.equal(undefined);
    expect(readFileSync(path.join(dataDirectory, 'event-store-kind'), 'utf8')).to.equal('sqlite\n');
  });

  it('brings a part into an embedded store anew, in order, tells renumbered streams, and the record verifies from there on', async () => {
    const part = await exportTo(folder.path, 'part', log, { withoutPolls: true });
    const result = await into('part-store', part);
    expect(result).to.deep.include({ isAsItWas: false, renumbered: [{ stream: 'environment-a', from: 2 }], metadata: 1 });
    const dataDirectory = path.join(folder.path, 'part-store');
    const store = await openEventStore({ dataDirectory });
    try {
      const expected = (await logged(log.store)).filter(own).filter(({ type }) => type !== 'AgentPolled');
      const found = (await logged(store)).filter(own);
      expect(found.map(told)).to.deep.equal(expected.map(told));
      expect(found.map(({ createdAtMs }) => createdAtMs)).to.deep.equal(expected.map(({ createdAtMs }) => createdAtMs));
      expect((await store.getStreamMetadata('environment-a')).metadata).to.deep.equal({ maxCount: 2, owner: 'ops' });
    } finally {
      await store.close();
    }
    const { first, former, recorded, importedAt, lastPosition } = verifyRecord({ dataDirectory });
    expect([first, former, recorded.given, importedAt]).to.deep.equal([undefined, 1, 0, lastPosition]);
  });

  it('refuses a store that is not empty, and an export that is not whole, and leaves both as they were', async () => {
    expect(await codeOf(into('twin'))).to.equal('event-store-not-empty');
    expect(await codeOf(into('cut', respoken(file, (lines) => lines.slice(0, -1))))).to.equal('export-altered');
    expect(await codeOf(into('changed', respoken(file, (lines) => lines.map((line) => line.replace('"name":"a"', '"name":"b"')))))).to.equal('export-altered');
    expect(await codeOf(into('nothing', path.join(folder.path, 'nowhere')))).to.equal('export-unreadable');
    for (const name of ['cut', 'changed', 'nothing']) expect(existsSync(path.join(folder.path, name, 'events.db')), name).to.equal(false);
  });

  it('imports an altered record as it is, and says so', async () => {
    const other = await openTestLog();
    await other.store.append('environment-a', newEvents(3, 'EnvironmentRenamed', { name: 'a' }), { expectedRevision: 'no-stream' });
    await other.store.close();
    other.change("UPDATE events SET data = '{}' WHERE position = 2");
    const { problem, events } = await into('altered', await exportTo(folder.path, 'altered-export', other));
    expect([events, problem?.kind, problem?.event?.position]).to.deep.equal([3, 'altered', 2]);
    await other.remove();
  });

  it('takes an export during which events expired, and holds no more than there was at its end', async () => {
    const other = await openTestLog();
    try {
      for (const [index, revision] of (['no-stream', 1_099, 2_199] as const).entries()) {
        await other.store.append('polls-cp_1', newEvents(1_100, 'AgentPolled'), { expectedRevision: revision });
        await other.store.append('environment-a', newEvents(1), { expectedRevision: index === 0 ? 'no-stream' : index - 1 });
      }
      const archive = openLogArchive(other.dataDirectory);
      const source = archiveSource(archive);
      const meanwhile: ExportSource = {
        ...source,
        async *parts(isExported) {
          for await (const part of source.parts(isExported)) {
            yield part;
            if (part.events === 1_100) await other.store.maintenance.expire({ category: 'polls', keepEvents: 1_100 });
          }
        },
      };
      const moved = path.join(folder.path, 'meanwhile');
      writeFileSync(moved, await buffer(writeExport(meanwhile, { filter: {}, at: '2026-01-31T12:00:00.000Z' })));
      archive.close();
      const { first, events } = await verifyExport({ file: moved });
      expect([first, events]).to.deep.equal([undefined, 2_203]);
      expect(await into('meanwhile-data', moved)).to.deep.include({ isAsItWas: true, events: 1_103, problem: undefined });
      const store = await openEventStore({ dataDirectory: path.join(folder.path, 'meanwhile-data') });
      expect(await logged(store)).to.deep.equal(await logged(other.store));
      await store.close();
    } finally {
      await other.remove();
    }
  });

  it('interrupted, it leaves no log, and what a killed run left is begun anew', async () => {
    const interrupted = new AbortController();
    const attempt = into('interrupted', file, interrupted.signal, () => interrupted.abort(new Error('enough')));
    expect(await attempt.then(() => undefined, (error: unknown) => (error as Error).message)).to.equal('enough');
    const dataDirectory = path.join(folder.path, 'interrupted');
    expect(existsSync(path.join(dataDirectory, 'events.db'))).to.equal(false);
    writeFileSync(path.join(dataDirectory, 'events.db.importing'), 'half');
    expect((await into('interrupted')).isAsItWas).to.equal(true);
    expect(existsSync(path.join(dataDirectory, 'events.db.importing'))).to.equal(false);
  });

  describe('into an EventStoreDB and back', () => {
    let front: FrontUnderTest;
    let appends = 0;
    let onAppend: () => void = () => undefined;
    before(async () => {
      front = await startFront({
        mayWrite: true,
        beforeAppend: async () => {
          appends += 1;
          onAppend();
        },
      });
    });
    after(async () => {
      await front.close();
    });
    const move = (dataDirectory?: string, signal?: AbortSignal): Promise<ImportResult> =>
      importEvents({ file, dataDirectory, server: front.connectionString, onProgress: () => undefined, ...(signal === undefined ? {} : { signal }) });

    it('interrupted and run again it goes on where it was and doubles nothing; renumbered streams are told; then it refuses to run once more', async () => {
      const interrupted = new AbortController();
      onAppend = () => {
        if (appends === 2) interrupted.abort(new Error('enough'));
      };
      expect(await move(undefined, interrupted.signal).then(() => undefined, (error: unknown) => (error as Error).message)).to.equal('enough');
      const part = (await logged(front.store)).filter(own).length;
      expect(part).to.be.within(1, 34);

      // The data directory that has kept its keys and records in that server from now on.
      const dataDirectory = path.join(folder.path, 'moved');
      mkdirSync(dataDirectory);
      await into('moved');
      const result = await move(dataDirectory);
      expect(result).to.deep.include({ before: part, isAsItWas: false, metadata: 1 });
      expect(result.renumbered).to.deep.equal([
        { stream: 'environment-a', from: 2 },
        { stream: 'polls-cp_1', from: 30 },
      ]);
      const found = (await logged(front.store)).filter(own);
      expect(found.map(told)).to.deep.equal((await logged(log.store)).filter(own).map(told));
      expect(found.filter(({ stream }) => stream === 'polls-cp_1').map(({ revision }) => revision)).to.deep.equal(Array.from({ length: 30 }, (_, index) => index));
      expect((await front.store.getStreamMetadata('environment-a')).metadata).to.deep.equal({ maxCount: 2, owner: 'ops' });
      expect(readFileSync(path.join(dataDirectory, 'event-store-kind'), 'utf8')).to.equal('eventstoredb\n');
      expect([existsSync(path.join(dataDirectory, 'events.db')), existsSync(path.join(dataDirectory, 'events.db.moved'))]).to.deep.equal([false, true]);
      expect(await codeOf(move())).to.equal('event-store-not-empty');
    });

    it('comes back by an export of the server', async () => {
      const back = await exportTo(folder.path, 'back', { server: front.connectionString });
      const result = await into('back-store', back);
      // A second import is told beside the first.
      expect(result).to.deep.include({ isAsItWas: false, renumbered: [], metadata: 1 });
      const store = await openEventStore({ dataDirectory: path.join(folder.path, 'back-store') });
      try {
        const found = await logged(store);
        expect(found.filter(own).map(told)).to.deep.equal((await logged(front.store)).filter(own).map(told));
        expect(found.filter(({ stream }) => stream === 'imports')).to.have.lengthOf(2);
      } finally {
        await store.close();
      }
      expect(verifyRecord({ dataDirectory: path.join(folder.path, 'back-store') }).first).to.equal(undefined);
    });

    it('refuses a server that holds something else', async () => {
      const other = await startFront({ mayWrite: true });
      try {
        await other.store.append('environment-a', newEvents(1), { expectedRevision: 'no-stream' });
        expect(await codeOf(importEvents({ file, dataDirectory: undefined, server: other.connectionString, onProgress: () => undefined }))).to.equal('event-store-not-empty');
        expect(await logged(other.store)).to.have.lengthOf(1);
      } finally {
        await other.close();
      }
    });
  });
});
