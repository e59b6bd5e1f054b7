/** Appends: numbering, expected revisions, races, bounds. */
import { expect } from 'chai';
import type { EventStoreError } from '../../../services/event-store/port.ts';
import { collect, idsOf, loggedAfter, markPlace, newCategory, newEvent, newEvents, newStream, refused, revisionsOf, type GetStore } from './store-under-test.ts';

export function describeAppends(store: GetStore): void {
  describe('appending', () => {
    it('numbers the events of a stream from 0 and answers the last revision', async () => {
      const stream = newStream();
      const first = await store().append(stream, newEvents(3), { expectedRevision: 'no-stream' });
      const second = await store().append(stream, newEvents(2), { expectedRevision: 2 });
      expect([first.revision, second.revision]).to.deep.equal([2, 4]);
      expect(revisionsOf(await collect(store().readStream(stream)))).to.deep.equal([0, 1, 2, 3, 4]);
    });

    it('answers the position of the last event', async () => {
      const stream = newStream();
      const { position } = await store().append(stream, newEvents(3), { expectedRevision: 'no-stream' });
      const last = (await collect(store().readStream(stream))).at(-1);
      expect(store().comparePositions(position, last?.position ?? '')).to.equal(0);
    });

    it('gives back type, data and metadata as they came, whatever the language', async () => {
      const stream = newStream();
      const event = { ...newEvent({ text: 'Grüße, 環境 🚢 "quoted" \\ \n', list: [1, 2.5, null, true], nested: {} }), metadata: JSON.stringify({ who: 'Zoë' }) };
      await store().append(stream, [event], { expectedRevision: 'no-stream' });
      const [recorded] = await collect(store().readStream(stream));
      expect(recorded).to.include({ ...event, stream, revision: 0 });
    });

    it('says when an event was recorded', async () => {
      const stream = newStream();
      await store().append(stream, [newEvent()], { expectedRevision: 'any' });
      const [recorded] = await collect(store().readStream(stream));
      // A server's clock may differ somewhat from ours.
      expect(recorded?.createdAtMs).to.be.closeTo(Date.now(), 60_000);
    });

    it('keeps an append of many events together and in order', async () => {
      const stream = newStream();
      const events = newEvents(1_000);
      await store().append(stream, events, { expectedRevision: 'no-stream' });
      expect(idsOf(await collect(store().readStream(stream)))).to.deep.equal(idsOf(events));
    });

    it('records an append that may wait for company', async () => {
      const stream = newStream();
      const { revision } = await store().append(stream, [newEvent()], { expectedRevision: 'no-stream', windowMs: 20 });
      expect(revision).to.equal(0);
      expect(await collect(store().readStream(stream))).to.have.lengthOf(1);
    });

    it('refuses more than 1 MiB in one append and records none of it', async () => {
      const stream = newStream();
      const half = 'x'.repeat(600 * 1024);
      await refused(store().append(stream, [newEvent({ half }), newEvent({ half })], { expectedRevision: 'no-stream' }), 'append-too-large');
      await refused(collect(store().readStream(stream)), 'stream-not-found');
      const { revision } = await store().append(stream, [newEvent({ half })], { expectedRevision: 'no-stream' });
      expect(revision).to.equal(0);
    });
  });

  describe('an expected revision', () => {
    it('no-stream refuses a stream that has events, and says its last revision', async () => {
      const stream = newStream();
      await store().append(stream, newEvents(2), { expectedRevision: 'no-stream' });
      const error = await refused(store().append(stream, [newEvent()], { expectedRevision: 'no-stream' }), 'wrong-expected-revision');
      expect(error).to.include({ stream, expectedRevision: 'no-stream', actualRevision: 1 });
    });

    it('stream-exists refuses a stream without events, and takes one that has some', async () => {
      const stream = newStream();
      const error = await refused(store().append(stream, [newEvent()], { expectedRevision: 'stream-exists' }), 'wrong-expected-revision');
      expect(error.actualRevision).to.equal(undefined);
      await store().append(stream, [newEvent()], { expectedRevision: 'any' });
      const { revision } = await store().append(stream, [newEvent()], { expectedRevision: 'stream-exists' });
      expect(revision).to.equal(1);
    });

    it('any takes both', async () => {
      const stream = newStream();
      const first = await store().append(stream, [newEvent()], { expectedRevision: 'any' });
      const second = await store().append(stream, [newEvent()], { expectedRevision: 'any' });
      expect([first.revision, second.revision]).to.deep.equal([0, 1]);
    });

    it('that is behind the stream is refused', async () => {
      const stream = newStream();
      await store().append(stream, newEvents(3), { expectedRevision: 'no-stream' });
      const error = await refused(store().append(stream, [newEvent()], { expectedRevision: 1 }), 'wrong-expected-revision');
      expect(error).to.include({ expectedRevision: 1, actualRevision: 2 });
    });

    it('that is ahead of the stream is refused, also where there is none', async () => {
      const stream = newStream();
      const none = await refused(store().append(stream, [newEvent()], { expectedRevision: 0 }), 'wrong-expected-revision');
      expect(none.actualRevision).to.equal(undefined);
      await store().append(stream, [newEvent()], { expectedRevision: 'no-stream' });
      await refused(store().append(stream, [newEvent()], { expectedRevision: 1 }), 'wrong-expected-revision');
      expect(await collect(store().readStream(stream))).to.have.lengthOf(1);
    });

    it('lets one of many racing writers win, and tells each of the others', async () => {
      const stream = newStream();
      await store().append(stream, [newEvent()], { expectedRevision: 'no-stream' });
      const rivals = newEvents(20);
      const outcomes = await Promise.allSettled(rivals.map((event) => store().append(stream, [event], { expectedRevision: 0 })));
      const winners = rivals.filter((_, index) => outcomes[index]?.status === 'fulfilled');
      expect(winners).to.have.lengthOf(1);
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect((outcome.reason as EventStoreError).code).to.equal('wrong-expected-revision');
      }
      expect(idsOf(await collect(store().readStream(stream))).slice(1)).to.deep.equal(idsOf(winners));
    });

    it('lets writers of many streams go on beside each other, each stream complete and in order', async () => {
      const category = newCategory();
      const place = await markPlace(store());
      const streams = Array.from({ length: 25 }, (_, number) => `${category}-${number}`);
      await Promise.all(
        streams.map(async (stream) => {
          for (let revision = 0; revision < 8; revision += 1) {
            const expectedRevision = revision === 0 ? 'no-stream' : revision - 1;
            await store().append(stream, [newEvent({ revision })], { expectedRevision });
          }
        }),
      );
      const logged = await loggedAfter(store(), place, category);
      expect(logged).to.have.lengthOf(200);
      for (const stream of streams) {
        expect(revisionsOf(logged.filter((event) => event.stream === stream))).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7]);
      }
    });
  });
}
