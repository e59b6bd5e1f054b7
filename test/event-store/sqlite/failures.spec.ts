import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { eventLogFile, openEventStore } from '../../../services/event-store/open.ts';
import { EventStoreError, type EventStoreErrorCode } from '../../../services/event-store/port.ts';
import { makeTemporaryDirectory, type TemporaryDirectory } from '../temporary-directory.ts';
import { collect, newEvent, newEvents, openTestLog, type TestLog } from './open-log.ts';

async function failure(attempt: Promise<unknown>): Promise<EventStoreErrorCode> {
  let outcome: unknown;
  await attempt.then(
    () => expect.fail('it was to fail'),
    (error: unknown) => {
      outcome = error;
    },
  );
  if (outcome instanceof EventStoreError) return outcome.code;
  throw outcome;
}

describe('the embedded store on a full disk', () => {
  let log: TestLog;
  beforeEach(async () => {
    log = await openTestLog({ maxPages: 200 });
  });
  afterEach(async () => {
    await log.remove();
  });
  const filler = { filler: 'x'.repeat(2_000) };

  it('refuses appends as unavailable, goes on reading, and recovers by itself when there is room', async () => {
    let polls = 0;
    let code: EventStoreErrorCode | undefined;
    while (code === undefined) {
      const append = log.store.append('polls-cp_1', newEvents(10, 'AgentPolled', filler), { expectedRevision: polls === 0 ? 'no-stream' : polls - 1 });
      code = await append.then(() => undefined, (error: unknown) => (error instanceof EventStoreError ? error.code : undefined));
      if (code === undefined) polls += 10;
    }
    expect(code).to.equal('event-store-unavailable');
    expect(polls).to.be.greaterThan(50);
    // A stream, a type and a category that were new with the failed append are no more known than before it.
    expect(await failure(log.store.append('activity-cp_1', newEvents(20, 'ApiCallProxied', filler), { expectedRevision: 'no-stream' }))).to.equal(
      'event-store-unavailable',
    );
    expect(await collect(log.store.readStream('polls-cp_1'))).to.have.lengthOf(polls);

    await log.store.maintenance.expire({ category: 'polls', keepEvents: 10 });
    const results = await Promise.all([
      log.store.append('polls-cp_1', newEvents(10, 'AgentPolled', filler), { expectedRevision: polls - 1 }),
      log.store.append('activity-cp_1', newEvents(20, 'ApiCallProxied', filler), { expectedRevision: 'no-stream' }),
    ]);
    expect(results.map(({ revision }) => revision)).to.deep.equal([polls + 9, 19]);
    expect((await collect(log.store.readStream('activity-cp_1'))).map((event) => event.type)).to.deep.equal(Array(20).fill('ApiCallProxied'));
    expect(log.verify().problems).to.deep.equal([]);
    await log.reopen();
    expect(await collect(log.store.readStream('activity-cp_1'))).to.have.lengthOf(20);
  });

  it('fails every append that was to be committed together, and each can be sent again', async () => {
    const batches = Array.from({ length: 40 }, (_, stream) => ({ stream: `environment-${stream}`, events: newEvents(20, 'Filled', filler) }));
    const send = (): Promise<PromiseSettledResult<unknown>[]> =>
      Promise.allSettled(batches.map(({ stream, events }) => log.store.append(stream, events, { expectedRevision: 'no-stream' })));
    const codes = (await send()).map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as EventStoreError).code : 'recorded'));
    expect(codes).to.deep.equal(Array(40).fill('event-store-unavailable'));
    expect(await log.store.headPosition()).to.equal(undefined);

    await log.reopen({});
    expect((await send()).every((outcome) => outcome.status === 'fulfilled')).to.equal(true);
    expect((await send()).every((outcome) => outcome.status === 'fulfilled')).to.equal(true);
    expect(await log.store.headPosition()).to.equal('800');
  });

  it('forgets ids of appends that failed, so that their retry is recorded', async () => {
    const events = newEvents(500, 'Filled', filler);
    expect(await failure(log.store.append('environment-1', events.slice(0, 400), { expectedRevision: 'any' }))).to.equal('event-store-unavailable');
    expect((await log.store.append('environment-1', events.slice(0, 3), { expectedRevision: 'any' })).revision).to.equal(2);
  });
});

describe('the embedded store on a file that is no log', () => {
  let directory: TemporaryDirectory;
  beforeEach(() => {
    directory = makeTemporaryDirectory();
  });
  afterEach(() => {
    directory.remove();
  });
  const opening = (): Promise<EventStoreErrorCode> => failure(openEventStore({ dataDirectory: directory.path }));

  it('says so when it is damaged', async () => {
    writeFileSync(eventLogFile(directory.path), 'this is no database, and longer than a header of one hundred bytes'.repeat(100));
    expect(await opening()).to.equal('event-store-corrupt');
  });

  it('says so when it is another database', async () => {
    const other = new DatabaseSync(eventLogFile(directory.path));
    other.exec('CREATE TABLE other (id INTEGER)');
    other.close();
    expect(await opening()).to.equal('event-store-corrupt');
  });

  it('says so when a newer version wrote it', async () => {
    await (await openEventStore({ dataDirectory: directory.path })).close();
    const database = new DatabaseSync(eventLogFile(directory.path));
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(await opening()).to.equal('event-store-corrupt');
  });

  it('says so when it can’t be opened at all', async () => {
    mkdirSync(eventLogFile(directory.path));
    expect(await opening()).to.equal('event-store-unavailable');
    expect(await failure(openEventStore({ dataDirectory: join(eventLogFile(directory.path), 'a', '\0') }))).to.equal('event-store-unavailable');
  });
});

describe('the embedded store on a log with a page that was overwritten', () => {
  let log: TestLog;
  beforeEach(async () => {
    log = await openTestLog();
    for (let stream = 0; stream < 20; stream += 1) {
      await log.store.append(`environment-${stream}`, newEvents(20, 'Filled', { filler: 'x'.repeat(200) }), { expectedRevision: 'no-stream' });
    }
    await log.store.close();
  });
  afterEach(async () => {
    await log.remove();
  });

  const damageFirstPageOf = (table: string): void => {
    const [page] = log.query(`SELECT pageno AS number FROM dbstat WHERE name = '${table}' AND pagetype = 'leaf' ORDER BY path LIMIT 1`);
    const bytes = readFileSync(log.file);
    bytes.fill(0xa5, (Number(page?.['number']) - 1) * 4_096, Number(page?.['number']) * 4_096);
    writeFileSync(log.file, bytes);
  };

  it('fails what needs that page as corrupt, does the rest, and closes', async () => {
    damageFirstPageOf('events');
    const store = await openEventStore({ dataDirectory: log.dataDirectory });
    after(() => store.close());
    expect(await failure(collect(store.readAll()))).to.equal('event-store-corrupt');
    expect(await failure(collect(store.readStream('environment-0')))).to.equal('event-store-corrupt');
    expect(await failure(store.append('environment-0', [newEvent()], { expectedRevision: 'no-stream' }))).to.equal('event-store-corrupt');
    expect(await collect(store.readStream('environment-19'))).to.have.lengthOf(20);
    expect((await store.append('environment-19', [newEvent()], { expectedRevision: 19 })).revision).to.equal(20);
    await store.close();
  });

  it('does not open where the index of streams is hit', async () => {
    damageFirstPageOf('events_by_stream');
    expect(await failure(openEventStore({ dataDirectory: log.dataDirectory }))).to.equal('event-store-corrupt');
  });
});

describe('the embedded store when it is closed', () => {
  it('refuses appends and ends subscriptions as unavailable, here and in other threads', async () => {
    const log = await openTestLog();
    const { openReader } = await import('../../../services/event-store/open.ts');
    const reader = await openReader(log.store.readerSource().description);
    const here = failure(follow(log.store.subscribeToAll({ after: 'start' })));
    const there = failure(follow(reader.subscribeToAll({ after: 'start' })));
    await log.store.append('environment-1', [newEvent()], { expectedRevision: 'no-stream' });
    await log.store.close();
    expect(await failure(log.store.append('environment-1', [newEvent()], { expectedRevision: 0 }))).to.equal('event-store-unavailable');
    expect(await failure(collect(log.store.readAll()))).to.equal('event-store-unavailable');
    expect(await here).to.equal('event-store-unavailable');
    expect(await there).to.equal('event-store-unavailable');
    await log.store.close();
    await reader.close();
    await reader.close();
    await log.remove();
  });
});

async function follow(messages: AsyncIterable<unknown>): Promise<void> {
  for await (const message of messages) expect(message).to.be.an('object');
}
