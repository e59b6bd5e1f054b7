/** The file of the first format is brought up to date where it is opened for writing. */
import { DatabaseSync } from 'node:sqlite';
import { expect } from 'chai';
import { openEventStore } from '../../../services/event-store/open.ts';
import { EventStoreError } from '../../../services/event-store/port.ts';
import { openForReading } from '../../../services/event-store/sqlite/schema.ts';
import { fillLog, spoil, verifyFileOf } from './log-copies.ts';
import { collect, newEvents, openTestLog, type TestLog } from './open-log.ts';

/** What the first format had not. */
const toFormatOne = `
  ALTER TABLE event_groups DROP COLUMN checks;
  ALTER TABLE event_groups DROP COLUMN totals_check;
  ALTER TABLE streams DROP COLUMN removed_check;
  ALTER TABLE categories DROP COLUMN removed_check;
  PRAGMA user_version = 1;
`;

describe('a log of the first format', () => {
  let log: TestLog;
  beforeEach(async () => {
    log = await openTestLog();
    await fillLog(log, 20);
    await log.store.maintenance.expire({ category: 'polls', keepEvents: 40 });
    await log.store.setStreamMetadata('environment-b', { maxCount: 20 });
    await log.store.maintenance.scavenge();
    await log.store.close();
  });
  afterEach(async () => {
    await log.remove();
  });

  const schema = (): unknown => {
    const database = new DatabaseSync(log.file, { readOnly: true });
    try {
      const columns = ['streams', 'categories', 'event_groups'].map((table) => database.prepare(`SELECT name, type, "notnull" FROM pragma_table_info('${table}')`).all());
      const groups = database.prepare('SELECT first_position, hex(checks) AS checks, totals_check FROM event_groups ORDER BY 1').all();
      const removed = database.prepare('SELECT name, removed_through, removed_check FROM streams ORDER BY 1').all();
      return { columns, groups, removed };
    } finally {
      database.close();
    }
  };

  it('becomes what it would be had it been written today, and goes on', async () => {
    const today = schema();
    spoil(log.file, toFormatOne);
    const store = await openEventStore({ dataDirectory: log.dataDirectory });
    expect((await store.append('environment-a', newEvents(1), { expectedRevision: 19 })).revision).to.equal(20);
    expect(await collect(store.readStream('environment-a'))).to.have.lengthOf(21);
    await store.close();
    expect(verifyFileOf(log.file).problems).to.deep.equal([]);
    spoil(log.file, 'DELETE FROM event_groups WHERE first_position = (SELECT max(first_position) FROM event_groups)');
    expect(schema()).to.deep.equal(today);
  });

  it('is not made good where it was altered before', async () => {
    spoil(log.file, `${toFormatOne}; UPDATE events SET data = '{}' WHERE position = 1`);
    await (await openEventStore({ dataDirectory: log.dataDirectory })).close();
    expect(verifyFileOf(log.file).problems.map(({ kind, positions }) => [kind, positions])).to.deep.equal([['altered', [1, 4]]]);
  });

  it('is left as it is by who only reads, which says what to do and calls nothing altered', () => {
    spoil(log.file, toFormatOne);
    expect(() => openForReading(log.file)).to.throw(EventStoreError, /Start serve once/);
    expect(() => verifyFileOf(log.file)).to.throw(EventStoreError, /Start serve once/).with.property('code', 'event-store-unavailable');
  });

  it('is refused where a later version wrote it', async () => {
    spoil(log.file, 'PRAGMA user_version = 3');
    const failure = await openEventStore({ dataDirectory: log.dataDirectory }).catch((error: unknown) => error);
    expect(failure).to.have.property('code', 'event-store-corrupt');
  });
});
