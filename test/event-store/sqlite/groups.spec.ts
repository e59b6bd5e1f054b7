import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { newEvent, newEvents, openTestLog, type TestLog } from './open-log.ts';

describe('the groups of the embedded log', () => {
  let log: TestLog;
  beforeEach(async () => {
    log = await openTestLog();
  });
  afterEach(async () => {
    await log.remove();
  });
  const groups = (): string[] =>
    log
      .query('SELECT name, last_position - first_position + 1 AS size FROM event_groups JOIN categories ON categories.id = category ORDER BY first_position')
      .map((row) => `${String(row['name'])}:${String(row['size'])}`);

  it('hold what was appended at the same time, apart by category only where events expire', async () => {
    const { store } = log;
    await Promise.all([
      store.append('environment-1', newEvents(2), { expectedRevision: 'no-stream' }),
      store.append('polls-cp_1', newEvents(3), { expectedRevision: 'no-stream' }),
      store.append('tunnel-1', newEvents(1), { expectedRevision: 'no-stream' }),
      store.append('activity-cp_1', newEvents(1), { expectedRevision: 'no-stream' }),
      store.append('polls-cp_2', newEvents(1), { expectedRevision: 'no-stream' }),
    ]);
    expect(groups()).to.deep.equal([':3', 'polls:4', 'activity:1']);
    expect(log.verify()).to.include({ groups: 3, recomputed: 3 }).and.to.have.property('problems').that.is.empty;
  });

  it('take along an append that may wait as soon as another does not', async () => {
    const { store } = log;
    await Promise.all([
      store.append('environment-1', [newEvent()], { expectedRevision: 'no-stream', windowMs: 3_600_000 }),
      store.append('environment-2', [newEvent()], { expectedRevision: 'no-stream' }),
    ]);
    expect(groups()).to.deep.equal([':2']);
  });

  it('wait for company no longer than the shortest window', async () => {
    const { store } = log;
    await Promise.all([
      store.append('polls-cp_1', [newEvent()], { expectedRevision: 'no-stream', windowMs: 3_600_000 }),
      store.append('polls-cp_2', [newEvent()], { expectedRevision: 'no-stream', windowMs: 15 }),
    ]);
    expect(groups()).to.deep.equal(['polls:2']);
  });

  it('are written before the store closes, also where they might have waited', async () => {
    const waiting = log.store.append('polls-cp_1', [newEvent()], { expectedRevision: 'no-stream', windowMs: 3_600_000 });
    await log.reopen();
    expect((await waiting).revision).to.equal(0);
    expect(groups()).to.deep.equal(['polls:1']);
  });

  it('are split where far more comes in at once than one transaction should hold', async () => {
    const { store } = log;
    await Promise.all(Array.from({ length: 10 }, (_, stream) => store.append(`environment-${stream}`, newEvents(900), { expectedRevision: 'no-stream' })));
    expect(groups().length).to.be.greaterThan(2);
    expect(log.verify().problems).to.deep.equal([]);
  });

  it('can be read by nobody but the user that runs the store', async () => {
    await log.store.append('environment-1', newEvents(2), { expectedRevision: 'no-stream' });
    for (const name of readdirSync(log.dataDirectory)) {
      expect((statSync(join(log.dataDirectory, name)).mode & 0o777).toString(8), name).to.equal('600');
    }
  });

  it('refuse to gather in memory without bound when the disk does not keep up', async () => {
    const events = [newEvent('Filled', { filler: 'x'.repeat(1_000_000) })];
    const outcomes = await Promise.allSettled(
      Array.from({ length: 80 }, (_, stream) => log.store.append(`environment-${stream}`, events, { expectedRevision: 'no-stream' })),
    );
    expect(outcomes.map(({ status }) => status)).to.include('rejected').and.to.include('fulfilled');
    const { revision } = await log.store.append('environment-x', events, { expectedRevision: 'no-stream' });
    expect(revision).to.equal(0);
  });

  it('stand in one file once the store is closed', async () => {
    await log.store.append('environment-1', newEvents(2), { expectedRevision: 'no-stream' });
    await log.store.close();
    expect(readdirSync(log.dataDirectory)).to.deep.equal(['events.db']);
  });

  it('form one chain over restarts', async () => {
    for (let round = 0; round < 3; round += 1) {
      await log.store.append(`environment-${round}`, newEvents(2), { expectedRevision: 'no-stream' });
      await log.store.append('polls-cp_1', newEvents(2), { expectedRevision: round === 0 ? 'no-stream' : round * 2 - 1 });
      await log.reopen();
    }
    expect(log.verify()).to.deep.include({ groups: 6, recomputed: 6, expired: 0, problems: [] });
  });

  describe('show that somebody', () => {
    beforeEach(async () => {
      for (let revision = 0; revision < 4; revision += 1) {
        await log.store.append('environment-1', [newEvent('Named', { name: 'a' })], { expectedRevision: revision === 0 ? 'no-stream' : revision - 1 });
      }
    });
    const forgeries = {
      'changed an event': `UPDATE events SET data = '{"name":"b"}' WHERE position = 2`,
      'changed when an event was recorded': 'UPDATE events SET created = created + 1 WHERE position = 2',
      'changed whose event it was': `UPDATE streams SET name = 'environment-2'`,
      'removed an event': 'DELETE FROM events WHERE position = 3',
      'removed a group': 'DELETE FROM event_groups WHERE first_position = 2',
      'removed the newest group, but not its event': 'DELETE FROM event_groups WHERE first_position = 4',
      'slipped in an event': `INSERT INTO events SELECT 5, stream, 9, type, created, id, data, metadata FROM events WHERE position = 1`,
    };
    for (const [forgery, sql] of Object.entries(forgeries)) {
      it(forgery, () => {
        expect(log.verify().problems).to.deep.equal([]);
        log.change(sql);
        expect(log.verify().problems).to.not.deep.equal([]);
      });
    }

    it('changed a group’s root', async () => {
      await log.store.append('environment-2', [newEvent('Named', { name: 'b' })], { expectedRevision: 'no-stream' });
      const { root } = log.query('SELECT hex(root) AS root FROM event_groups WHERE first_position = 1')[0] ?? {};
      log.change(`UPDATE event_groups SET root = x'${String(root)}' WHERE first_position = 2`);
      expect(log.verify().problems.map(({ kind, positions }) => [kind, positions])).to.deep.equal([['chain', [2, 2]]]);
    });
  });
});
