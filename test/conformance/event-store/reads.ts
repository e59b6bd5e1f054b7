/** Reads of one stream and of the log of all streams. */
import { expect } from 'chai';
import type { RecordedEvent } from '../../../services/event-store/port.ts';
import { collect, idsOf, loggedAfter, markPlace, newCategory, newEvent, newEvents, newStream, refused, revisionsOf, type GetStore } from './store-under-test.ts';

export function describeReads(store: GetStore): void {
  it('says by a code of its own that a position is none that the store gave', async () => {
    for (const from of ['nonsense', '']) await refused(collect(store().readAll({ from })), 'invalid-position');
    await refused(Promise.resolve().then(() => store().comparePositions('nonsense', 'nonsense')), 'invalid-position');
  });

  describe('reading a stream', () => {
    const stream = newStream();
    before(async () => {
      await store().append(stream, newEvents(6), { expectedRevision: 'no-stream' });
    });
    const read = async (options?: Parameters<ReturnType<GetStore>['readStream']>[1]): Promise<number[]> =>
      revisionsOf(await collect(store().readStream(stream, options)));

    it('starts at its start and includes the revision asked for', async () => {
      expect(await read()).to.deep.equal([0, 1, 2, 3, 4, 5]);
      expect(await read({ from: 'start' })).to.deep.equal([0, 1, 2, 3, 4, 5]);
      expect(await read({ from: 4 })).to.deep.equal([4, 5]);
    });

    it('backwards starts at its end and includes the revision asked for', async () => {
      expect(await read({ direction: 'backwards' })).to.deep.equal([5, 4, 3, 2, 1, 0]);
      expect(await read({ direction: 'backwards', from: 'end', limit: 1 })).to.deep.equal([5]);
      expect(await read({ direction: 'backwards', from: 2 })).to.deep.equal([2, 1, 0]);
    });

    it('stops at the limit', async () => {
      expect(await read({ limit: 2 })).to.deep.equal([0, 1]);
      expect(await read({ from: 1, limit: 3 })).to.deep.equal([1, 2, 3]);
      expect(await read({ direction: 'backwards', from: 4, limit: 2 })).to.deep.equal([4, 3]);
      expect(await read({ limit: 0 })).to.deep.equal([]);
    });

    it('beyond its end shows nothing forwards, and all of it backwards', async () => {
      expect(await read({ from: 6 })).to.deep.equal([]);
      expect(await read({ direction: 'backwards', from: 99 })).to.deep.equal([5, 4, 3, 2, 1, 0]);
    });

    it('says that there is no such stream', async () => {
      const missing = newStream();
      const error = await refused(collect(store().readStream(missing)), 'stream-not-found');
      expect(error.stream).to.equal(missing);
      await refused(collect(store().readStream(missing, { direction: 'backwards' })), 'stream-not-found');
    });

    it('shows all of a long one, both ways, once and in order', async () => {
      const long = newStream();
      for (let chunk = 0; chunk < 3; chunk += 1) {
        await store().append(long, newEvents(900), { expectedRevision: chunk === 0 ? 'no-stream' : chunk * 900 - 1 });
      }
      const numbers = Array.from({ length: 2_700 }, (_, number) => number);
      expect(revisionsOf(await collect(store().readStream(long)))).to.deep.equal(numbers);
      expect(revisionsOf(await collect(store().readStream(long, { direction: 'backwards' })))).to.deep.equal(numbers.toReversed());
      expect(revisionsOf(await collect(store().readStream(long, { from: 1_500, limit: 1_100 })))).to.deep.equal(numbers.slice(1_500, 2_600));
    });

    it('ends where the stream, or the log, ended when it began, however they grow meanwhile', async () => {
      const growing = newStream();
      const from = await markPlace(store());
      for (let chunk = 0; chunk < 3; chunk += 1) {
        await store().append(growing, newEvents(700), { expectedRevision: chunk === 0 ? 'no-stream' : chunk * 700 - 1 });
      }
      let last = 2_099;
      const growingWhile = async (pages: AsyncIterable<readonly RecordedEvent[]>): Promise<number[]> => {
        const end = last;
        const seen: number[] = [];
        for await (const page of pages) {
          seen.push(...revisionsOf(page.filter((event) => event.stream === growing)));
          ({ revision: last } = await store().append(growing, newEvents(5), { expectedRevision: last }));
        }
        expect(seen).to.have.lengthOf(end + 1);
        return seen;
      };
      expect((await growingWhile(store().readStream(growing))).at(-1)).to.equal(2_099);
      await growingWhile(store().readAll({ from }));
      await growingWhile(store().readAll({ from, filter: { streamPrefixes: [growing] } }));
    });

    it('shows what was appended just before', async () => {
      const fresh = newStream();
      for (let revision = 0; revision < 20; revision += 1) {
        await store().append(fresh, [newEvent()], { expectedRevision: revision === 0 ? 'no-stream' : revision - 1 });
        const [newest] = await collect(store().readStream(fresh, { direction: 'backwards', limit: 1 }));
        expect(newest?.revision).to.equal(revision);
      }
    });

    it('fails with the signal’s reason when it is aborted, so that a part is not taken for the whole', async () => {
      const reason = new Error('enough');
      const aborted = AbortSignal.abort(reason);
      await rejectedWith(collect(store().readStream(stream, { signal: aborted })), reason);
      await rejectedWith(collect(store().readAll({ signal: aborted, limit: 1 })), reason);

      const controller = new AbortController();
      const midway = (async () => {
        for await (const page of store().readStream(stream, { signal: controller.signal })) {
          expect(page).to.not.have.lengthOf(0);
          controller.abort(reason);
        }
      })();
      await rejectedWith(midway, reason);
    });

    it('can be left in the middle', async () => {
      for await (const page of store().readStream(stream)) {
        expect(page[0]?.revision).to.equal(0);
        break;
      }
      expect(await read({ limit: 1 })).to.deep.equal([0]);
    });
  });

  describe('reading all streams', () => {
    const category = newCategory();
    let place = '';
    let logged: RecordedEvent[] = [];
    before(async () => {
      place = await markPlace(store());
      await store().append(`${category}-a`, newEvents(2, 'AppleFell'), { expectedRevision: 'no-stream' });
      await store().append(`${category}-b`, newEvents(2, 'BellRang'), { expectedRevision: 'no-stream' });
      await store().append(`${category}-a`, newEvents(1, 'AppleAte'), { expectedRevision: 1 });
      logged = await loggedAfter(store(), place, category);
    });
    const own = (events: readonly RecordedEvent[]): RecordedEvent[] => events.filter((event) => event.stream.startsWith(category));

    it('shows events in the order they were recorded, with rising positions', () => {
      expect(logged.map((event) => `${event.stream.at(-1) ?? ''}${event.revision}`)).to.deep.equal(['a0', 'a1', 'b0', 'b1', 'a2']);
      for (const [index, event] of logged.entries()) {
        const previous = logged[index - 1];
        if (previous === undefined) continue;
        expect(store().comparePositions(previous.position, event.position)).to.be.lessThan(0);
        expect(store().comparePositions(event.position, previous.position)).to.be.greaterThan(0);
        expect(store().comparePositions(event.position, event.position)).to.equal(0);
      }
    });

    it('gives an event the same position as its stream does', async () => {
      const inStream = await collect(store().readStream(`${category}-b`));
      const inLog = logged.filter((event) => event.stream.endsWith('-b'));
      expect(inStream).to.deep.equal(inLog);
    });

    it('includes the position it starts at, both ways', async () => {
      const [, second, third] = logged;
      const forwards = await collect(store().readAll({ from: second?.position ?? '' }));
      expect(idsOf(own(forwards))).to.deep.equal(idsOf(logged.slice(1)));
      const backwards = await collect(store().readAll({ from: third?.position ?? '', direction: 'backwards', limit: 3 }));
      expect(idsOf(backwards)).to.deep.equal(idsOf(logged.slice(0, 3).toReversed()));
    });

    it('backwards starts at the newest event', async () => {
      const stream = newStream();
      const newest = await store().append(stream, newEvents(2), { expectedRevision: 'no-stream' });
      const [event] = await collect(store().readAll({ direction: 'backwards', limit: 1 }));
      expect(event).to.include({ stream, revision: 1 });
      expect(store().comparePositions((await store().headPosition()) ?? '', newest.position)).to.equal(0);
      expect(await collect(store().readAll({ from: 'end' }))).to.deep.equal([]);
    });

    it('stops at the limit', async () => {
      expect(await collect(store().readAll({ limit: 3 }))).to.have.lengthOf(3);
      expect(await collect(store().readAll({ limit: 0 }))).to.have.lengthOf(0);
    });

    it('keeps streams whose names begin with one of the prefixes, both ways', async () => {
      const from = place;
      const filter = { streamPrefixes: [`${category}-b`] };
      const only = logged.filter((event) => event.stream.endsWith('-b'));
      expect(await collect(store().readAll({ from, filter }))).to.deep.equal(only);
      expect(await collect(store().readAll({ direction: 'backwards', filter, limit: 2 }))).to.deep.equal(only.toReversed());
      const both = { streamPrefixes: [`${category}-a`, `${category}-b`] };
      expect(await collect(store().readAll({ from, filter: both }))).to.deep.equal(logged);
      expect(await collect(store().readAll({ from, filter: { streamPrefixes: [category] } }))).to.deep.equal(logged);
      expect(await collect(store().readAll({ from, filter: { streamPrefixes: [`${category}-c`] } }))).to.deep.equal([]);
    });

    it('keeps types that begin with one of the prefixes', async () => {
      const apples = await collect(store().readAll({ from: place, filter: { typePrefixes: ['Apple'] } }));
      expect(own(apples).map((event) => event.type)).to.deep.equal(['AppleFell', 'AppleFell', 'AppleAte']);
      const some = await collect(store().readAll({ from: place, filter: { typePrefixes: ['AppleA', 'Bell'] } }));
      expect(own(some).map((event) => event.type)).to.deep.equal(['BellRang', 'BellRang', 'AppleAte']);
    });
  });
}

async function rejectedWith(attempt: Promise<unknown>, reason: Error): Promise<void> {
  let outcome: unknown;
  await attempt.catch((error: unknown) => {
    outcome = error;
  });
  expect(outcome).to.equal(reason);
}
