/** A retry after a lost answer: the same ids at the same place are answered as before, and nothing is written twice. */
import { expect } from 'chai';
import type { ExpectedRevision, NewEvent } from '../../../services/event-store/port.ts';
import { collect, idsOf, newEvent, newEvents, newStream, refused, type GetStore } from './store-under-test.ts';

export function describeIdempotency(store: GetStore): void {
  describe('an append that is sent again', () => {
    const cases: readonly { readonly expected: ExpectedRevision; readonly before: number }[] = [
      { expected: 'no-stream', before: 0 },
      { expected: 1, before: 2 },
      { expected: 'any', before: 2 },
      { expected: 'any', before: 0 },
      { expected: 'stream-exists', before: 2 },
    ];
    for (const { expected, before } of cases) {
      it(`with ${expected} on ${before} events is answered as before and recorded once, also after later events`, async () => {
        const stream = newStream();
        const earlier = newEvents(before);
        if (before > 0) await store().append(stream, earlier, { expectedRevision: 'no-stream' });
        const events = newEvents(3);
        const original = await store().append(stream, events, { expectedRevision: expected });
        const retried = await store().append(stream, events, { expectedRevision: expected });
        expect(retried.revision).to.equal(original.revision);

        const later = newEvent();
        await store().append(stream, [later], { expectedRevision: original.revision });
        const retriedLate = await store().append(stream, events, { expectedRevision: expected });
        expect(retriedLate.revision).to.equal(original.revision);
        expect(idsOf(await collect(store().readStream(stream)))).to.deep.equal(idsOf([...earlier, ...events, later]));
      });
    }

    it('at the same time as the first is recorded once', async () => {
      const stream = newStream();
      const events = newEvents(2);
      const results = await Promise.all([1, 2, 3].map(() => store().append(stream, events, { expectedRevision: 'no-stream' })));
      expect(results.map((result) => result.revision)).to.deep.equal([1, 1, 1]);
      expect(await collect(store().readStream(stream))).to.have.lengthOf(2);
    });

    it('with part of its events only is answered with the revision of the last of them', async () => {
      const stream = newStream();
      const [first, second, third] = newEvents(3) as [NewEvent, NewEvent, NewEvent];
      await store().append(stream, [first, second, third], { expectedRevision: 'no-stream' });
      const { revision } = await store().append(stream, [first, second], { expectedRevision: 'no-stream' });
      expect(revision).to.equal(1);
      expect((await store().append(stream, [second], { expectedRevision: 0 })).revision).to.equal(1);
    });
  });

  describe('an append that only looks like a retry', () => {
    for (const expectedRevision of ['no-stream', 'any'] as const) {
      it(`because a new event follows one that is recorded is refused with ${expectedRevision}`, async () => {
        const stream = newStream();
        const recorded = newEvent();
        await store().append(stream, [recorded], { expectedRevision: 'no-stream' });
        await refused(store().append(stream, [recorded, newEvent()], { expectedRevision }), 'wrong-expected-revision');
        expect(idsOf(await collect(store().readStream(stream)))).to.deep.equal([recorded.id]);
      });
    }

    it('because its ids stand at another revision is refused', async () => {
      const stream = newStream();
      const [first, second] = newEvents(2) as [NewEvent, NewEvent];
      await store().append(stream, [first, second], { expectedRevision: 'no-stream' });
      await refused(store().append(stream, [second, first], { expectedRevision: 'no-stream' }), 'wrong-expected-revision');
      await refused(store().append(stream, [first], { expectedRevision: 0 }), 'wrong-expected-revision');
    });

    it('because its id is known in another stream is recorded', async () => {
      const event = newEvent();
      for (const expectedRevision of ['no-stream', 'any'] as const) {
        const stream = newStream();
        await store().append(stream, [event], { expectedRevision });
        expect(idsOf(await collect(store().readStream(stream)))).to.deep.equal([event.id]);
      }
    });
  });
}
