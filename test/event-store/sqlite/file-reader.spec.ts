/** The log read by its file alone: beside whoever writes it, after that, and where there is none. */
import { expect } from 'chai';
import { openLogReader } from '../../../services/event-store/open.ts';
import { collect, newEvent, newEvents, openTestLog, type TestLog } from './open-log.ts';

describe('a log that is read by its file alone', () => {
  let log: TestLog;
  beforeEach(async () => {
    log = await openTestLog();
    await log.store.append('environment-1', newEvents(3), { expectedRevision: 'no-stream' });
  });
  afterEach(() => log.remove());

  it('shows what is there beside the process that writes it, and what comes within a moment', async () => {
    const reader = openLogReader(log.dataDirectory);
    expect(await collect(reader.readAll())).to.deep.equal(await collect(log.store.readAll()));
    const following = reader.subscribeToAll({ after: 'end' })[Symbol.asyncIterator]();
    expect((await following.next()).value).to.include({ kind: 'caught-up' });
    const next = following.next();
    await log.store.append('environment-2', [newEvent('Later')], { expectedRevision: 'no-stream' });
    expect((await next).value).to.have.nested.property('events[0].type', 'Later');
    await reader.close();
  });

  it('is there when nobody writes it any more, and stays as it is', async () => {
    const written = await collect(log.store.readAll());
    await log.store.close();
    const reader = openLogReader(log.dataDirectory);
    expect(await collect(reader.readAll())).to.deep.equal(written);
    await reader.close();
  });

  it('is missed in words where there is none', () => {
    expect(() => openLogReader(`${log.dataDirectory}/nowhere`)).to.throw('There is no event log').with.property('code', 'event-store-unavailable');
  });
});

describe('the last position before an instant', () => {
  let log: TestLog;
  beforeEach(async () => {
    log = await openTestLog({ maxGroupEvents: 4 });
  });
  afterEach(() => log.remove());

  it('is found at any instant, also where events have expired', async () => {
    for (let index = 0; index < 40; index += 1) {
      const stream = index % 3 === 0 ? `environment-${index}` : `polls-cp_${index}`;
      await log.store.append(stream, newEvents(1 + (index % 5)), { expectedRevision: 'no-stream' });
    }
    const events = await collect(log.store.readAll());
    const { createdAtMs: first = 0 } = events[0] ?? {};
    // As if they had come a second apart, in pairs.
    log.change(`UPDATE event_groups SET created = ${first} + 1000 * (first_position / 8)`);
    const groups = log.query('SELECT last_position AS last, created FROM event_groups ORDER BY first_position') as { last: number; created: number }[];
    await log.store.maintenance.expire({ category: 'polls', keepEvents: 10 });
    await log.reopen();
    const { positionBefore } = log.store;
    for (let atMs = first - 500; atMs < first + 1000 * (events.length / 8) + 2000; atMs += 250) {
      const expected = groups.findLast(({ created }) => created < atMs)?.last;
      expect(await positionBefore?.(atMs), String(atMs - first)).to.equal(expected === undefined ? undefined : String(expected));
    }
  });

  it('is none in an empty log', async () => {
    expect(await log.store.positionBefore?.(Date.now())).to.equal(undefined);
  });
});
