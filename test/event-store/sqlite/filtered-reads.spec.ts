import { expect } from 'chai';
import { DatabaseSync } from 'node:sqlite';
import type { EventFilter, RecordedEvent } from '../../../services/event-store/port.ts';
import { createPositionRanges } from '../../../services/event-store/sqlite/position-ranges.ts';
import { collect, newEvents, openTestLog, type TestLog } from './open-log.ts';

/** The same numbers every run (mulberry32). */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

describe('filtered reads of the embedded log', () => {
  let log: TestLog;
  const categories = ['environment', 'tunnel', 'polls', 'activity', 'snapshots', 'pol'];
  let all: RecordedEvent[] = [];

  before(async () => {
    log = await openTestLog();
    const random = createRandom(7);
    const revisions = new Map<string, number>();
    for (let batch = 0; batch < 60; batch += 1) {
      const streams = new Set(Array.from({ length: 1 + random(4) }, () => `${categories[random(categories.length)] ?? ''}-${random(3)}`));
      await Promise.all(
        [...streams].map((stream) => {
          const count = 1 + random(stream.startsWith('polls') ? 120 : 6);
          const last = revisions.get(stream) ?? -1;
          revisions.set(stream, last + count);
          const type = ['ThingHappened', 'ThingEnded', 'OtherHappened'][random(3)];
          return log.store.append(stream, newEvents(count, type), { expectedRevision: last === -1 ? 'no-stream' : last });
        }),
      );
      if (batch === 40) await log.store.maintenance.expire({ category: 'polls', keepEvents: 200 });
    }
    all = await collect(log.store.readAll());
  });
  after(async () => {
    await log.remove();
  });

  const matches = (event: RecordedEvent, filter: EventFilter): boolean =>
    'streamPrefixes' in filter
      ? filter.streamPrefixes.some((prefix) => event.stream.startsWith(prefix))
      : filter.typePrefixes.some((prefix) => event.type.startsWith(prefix));

  const filters: readonly EventFilter[] = [
    { streamPrefixes: ['environment-'] },
    { streamPrefixes: ['environment-', 'tunnel-'] },
    { streamPrefixes: ['polls-'] },
    { streamPrefixes: ['polls-1', 'activity-'] },
    { streamPrefixes: ['pol'] },
    { streamPrefixes: ['pol-'] },
    { streamPrefixes: ['s', 'e'] },
    { streamPrefixes: [''] },
    { streamPrefixes: [] },
    { streamPrefixes: ['nothing-'] },
    { typePrefixes: ['Thing'] },
    { typePrefixes: ['OtherHappened', 'ThingE'] },
  ];
  for (const filter of filters) {
    it(`show exactly what begins with ${JSON.stringify(Object.values(filter)[0])}, from anywhere, both ways`, async () => {
      const random = createRandom(11);
      for (let round = 0; round < 12; round += 1) {
        const direction = round % 2 === 0 ? 'forwards' : 'backwards';
        const from = all[random(all.length)]?.position ?? '';
        const limit = round % 3 === 0 ? 1 + random(50) : all.length;
        const ahead = all.filter((event) => log.store.comparePositions(event.position, from) * (direction === 'forwards' ? 1 : -1) >= 0);
        const expected = (direction === 'forwards' ? ahead : ahead.toReversed()).filter((event) => matches(event, filter)).slice(0, limit);
        const read = await collect(log.store.readAll({ direction, from, limit, filter }));
        expect(read.map((event) => event.position)).to.deep.equal(expected.map((event) => event.position));
      }
      const whole = await collect(log.store.readAll({ filter }));
      expect(whole).to.deep.equal(all.filter((event) => matches(event, filter)));
    });
  }

  it('show a subscription the same', async () => {
    const filter = { streamPrefixes: ['environment-', 'activity-'] };
    const seen: RecordedEvent[] = [];
    for await (const message of log.store.subscribeToAll({ after: 'start', filter })) {
      if (message.kind === 'events') seen.push(...message.events);
      if (message.kind === 'caught-up') break;
    }
    expect(seen).to.deep.equal(all.filter((event) => matches(event, filter)));
  });

  it('look at every group that may hold a match, once and in order, however many there are', () => {
    const database = new DatabaseSync(log.file, { readOnly: true });
    try {
      const head = Number(all.at(-1)?.position);
      for (const lookahead of [1, 2, 7]) {
        const { next } = createPositionRanges(database, lookahead);
        for (const direction of ['forwards', 'backwards'] as const) {
          for (const filter of [{ streamPrefixes: ['activity-', 'snapshots-'] }, { streamPrefixes: ['polls-1'] }, { streamPrefixes: ['tunnel-'] }]) {
            const [from, to] = direction === 'forwards' ? [1, head] : [head, 1];
            const lookedAt: number[] = [];
            let at = from;
            while (direction === 'forwards' ? at <= to : at >= to) {
              const { ranges, scannedTo } = next(direction, at, to, filter, 50);
              for (const [low, high] of ranges) {
                const positions = Array.from({ length: high - low + 1 }, (_, index) => low + index);
                lookedAt.push(...(direction === 'forwards' ? positions : positions.reverse()));
              }
              at = direction === 'forwards' ? scannedTo + 1 : scannedTo - 1;
            }
            const matching = all.filter((event) => matches(event, filter)).map((event) => Number(event.position));
            expect(new Set(lookedAt)).to.include.all.keys(matching);
            const ordered = direction === 'forwards' ? lookedAt.toSorted((a, b) => a - b) : lookedAt.toSorted((a, b) => b - a);
            expect(lookedAt).to.deep.equal([...new Set(ordered)]);
          }
        }
      }
    } finally {
      database.close();
    }
  });

  it('of what stays never look at the expiring events between', () => {
    const database = new DatabaseSync(log.file, { readOnly: true });
    try {
      const head = Number(all.at(-1)?.position);
      const { next } = createPositionRanges(database);
      const lookedAt = new Set<number>();
      for (let from = 1; from <= head; ) {
        const { ranges, scannedTo } = next('forwards', from, head, { streamPrefixes: ['environment-'] }, 100);
        for (const [low, high] of ranges) for (let position = low; position <= high; position += 1) lookedAt.add(position);
        expect(ranges.reduce((sum, [low, high]) => sum + high - low + 1, 0)).to.be.at.most(100);
        from = scannedTo + 1;
      }
      const kept = all.filter((event) => /^(environment|tunnel|pol)-/.test(event.stream));
      expect([...lookedAt]).to.deep.equal(kept.map((event) => Number(event.position)));
    } finally {
      database.close();
    }
  });
});
