import { expect } from 'chai';
import { collect, newEvent, newEvents, openTestLog, type TestLog } from './open-log.ts';

describe('retention in the embedded log', () => {
  let log: TestLog;
  beforeEach(async () => {
    log = await openTestLog();
  });
  afterEach(async () => {
    await log.remove();
  });
  const append = async (stream: string, count: number, from = 0): Promise<void> => {
    await log.store.append(stream, newEvents(count, 'AgentPolled', { filler: 'x'.repeat(60) }), { expectedRevision: from === 0 ? 'no-stream' : from - 1 });
  };
  const revisionsOf = async (stream: string): Promise<number[]> => (await collect(log.store.readStream(stream))).map((event) => event.revision);

  it('removes what was recorded before an instant, leaves the roots and everything else, and goes on numbering', async () => {
    await append('environment-1', 2);
    await append('polls-cp_1', 2_500);
    await append('polls-cp_2', 10);
    await append('environment-1', 1, 2);
    const { chain } = log.verify();

    expect(await log.store.maintenance.expire({ category: 'polls', recordedBeforeMs: Date.now() + 1 })).to.deep.equal({ events: 2_510 });
    expect(await revisionsOf('polls-cp_1')).to.deep.equal([]);
    expect(await revisionsOf('environment-1')).to.deep.equal([0, 1, 2]);
    expect((await collect(log.store.readAll())).map((event) => event.stream)).to.deep.equal(Array(3).fill('environment-1'));
    expect(log.verify()).to.deep.include({ groups: 4, recomputed: 2, expired: 2, problems: [], chain });

    await log.reopen();
    expect((await log.store.append('polls-cp_1', [newEvent()], { expectedRevision: 2_499 })).revision).to.equal(2_500);
    expect(await revisionsOf('polls-cp_1')).to.deep.equal([2_500]);
    expect(await log.store.headPosition()).to.equal('2514');
    expect(log.verify().problems).to.deep.equal([]);
  });

  it('goes on counting positions after the newest events of all were removed', async () => {
    await append('polls-cp_1', 5);
    await log.store.maintenance.expire({ category: 'polls', keepEvents: 0 });
    await log.reopen();
    expect(await log.store.headPosition()).to.equal('5');
    expect((await log.store.append('polls-cp_1', [newEvent()], { expectedRevision: 4 })).position).to.equal('6');
  });

  it('removes the oldest by count and by size, in whole groups, never more than asked', async () => {
    for (let group = 0; group < 10; group += 1) await append('polls-cp_1', 10, group * 10);
    expect(await log.store.maintenance.expire({ category: 'polls', keepEvents: 75 })).to.deep.equal({ events: 20 });
    expect((await revisionsOf('polls-cp_1')).at(0)).to.equal(20);
    const { events, bytes } = (await log.store.maintenance.measure()).get('polls') ?? { events: 0, bytes: 0 };
    expect(events).to.equal(80);
    const bytesOfEvent = bytes / events;
    expect(bytesOfEvent).to.be.above(Buffer.byteLength(JSON.stringify({ filler: 'x'.repeat(60) })));
    expect(await log.store.maintenance.expire({ category: 'polls', keepBytes: 30 * bytesOfEvent })).to.deep.equal({ events: 50 });
    expect((await revisionsOf('polls-cp_1')).at(0)).to.equal(70);
    expect(await log.store.maintenance.expire({ category: 'polls', keepEvents: 30, keepBytes: 1e9, recordedBeforeMs: 1 })).to.deep.equal({ events: 0 });
    expect(await log.store.maintenance.expire({ category: 'polls', keepEvents: 0, throughPosition: '80' })).to.deep.equal({ events: 10 });
    expect((await log.store.maintenance.measure()).get('polls')?.events).to.equal(20);
    expect(log.verify()).to.deep.include({ groups: 10, recomputed: 2, expired: 8, problems: [] });
  });

  it('never touches a category whose events stay', async () => {
    await append('environment-1', 1);
    const outcome = await log.store.maintenance.expire({ category: 'environment', keepEvents: 0 }).catch((error: unknown) => error);
    expect(outcome).to.be.instanceOf(RangeError);
    expect(await revisionsOf('environment-1')).to.deep.equal([0]);
  });

  it('lets appends pass between its chunks', async () => {
    for (let group = 0; group < 5; group += 1) await append('polls-cp_1', 3_000, group * 3_000);
    const order: string[] = [];
    const removal = log.store.maintenance.expire({ category: 'polls', keepEvents: 0 }).then(({ events }) => {
      order.push('removed');
      return events;
    });
    for (let revision = 0; revision < 10; revision += 1) {
      await append('environment-1', 1, revision);
      order.push('appended');
    }
    expect(await removal).to.equal(15_000);
    expect(order).to.deep.equal([...Array<string>(10).fill('appended'), 'removed']);
  });

  it('removes what stream metadata hides, keeps the last event of each stream, and every root can still be recomputed', async () => {
    await append('environment-1', 6);
    await append('environment-2', 6);
    await append('environment-3', 6);
    await append('tunnel-4', 3);
    await append('tunnel-5', 2);
    await append('tunnel-6', 3);
    await log.store.setStreamMetadata('environment-1', { maxCount: 2 });
    await log.store.setStreamMetadata('environment-2', { truncateBefore: 3 });
    await log.store.setStreamMetadata('environment-3', { maxAge: 3_600 });
    await log.store.deleteStream('tunnel-4', { expectedRevision: 2 });
    await log.store.tombstoneStream('tunnel-5', { expectedRevision: 1 });
    await log.store.setStreamMetadata('tunnel-6', { maxAge: 0 });

    expect(await log.store.maintenance.scavenge()).to.deep.equal({ events: 4 + 3 + 0 + 2 + 2 + 2 });
    const left = (await collect(log.store.readAll())).filter((event) => !event.stream.startsWith('$$'));
    expect(left.map((event) => `${event.stream}@${event.revision}`)).to.deep.equal([
      'environment-1@4', 'environment-1@5',
      'environment-2@3', 'environment-2@4', 'environment-2@5',
      ...[0, 1, 2, 3, 4, 5].map((revision) => `environment-3@${revision}`),
      'tunnel-4@2', 'tunnel-6@2', 'tunnel-5@2',
    ]);
    expect(log.verify()).to.deep.include({ expired: 0, problems: [] });
    expect(await log.store.maintenance.scavenge()).to.deep.equal({ events: 0 });

    await log.reopen();
    expect((await log.store.append('tunnel-4', [newEvent()], { expectedRevision: 'no-stream' })).revision).to.equal(3);
  });

  it('shows a forged leaf of a scavenged event', async () => {
    await append('environment-1', 4);
    await log.store.setStreamMetadata('environment-1', { maxCount: 1 });
    await log.store.maintenance.scavenge();
    log.change('UPDATE removed_leaves SET leaf = zeroblob(32) WHERE position = 2');
    expect(log.verify().problems).to.have.lengthOf(1);
  });

  it('expires what was partly scavenged before', async () => {
    await append('polls-cp_1', 20);
    await append('polls-cp_2', 20);
    await log.store.setStreamMetadata('polls-cp_1', { maxCount: 5 });
    await log.store.maintenance.scavenge();
    expect(await log.store.maintenance.expire({ category: 'polls', keepEvents: 0 })).to.deep.equal({ events: 25 });
    expect(log.query('SELECT * FROM removed_leaves')).to.deep.equal([]);
    expect(log.verify().problems).to.deep.equal([]);
  });
});
