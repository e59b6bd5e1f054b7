/** Subscriptions to the log of all streams: catch-up, then live, without gap or repeat. */
import { expect } from 'chai';
import type { RecordedEvent } from '../../../services/event-store/port.ts';
import { follow } from './follower.ts';
import { collect, idsOf, loggedAfter, markPlace, newCategory, newEvent, newEvents, newStream, type GetStore } from './store-under-test.ts';

export function describeSubscriptionsToAll(store: GetStore): void {
  const of = (events: readonly RecordedEvent[], prefix: string): RecordedEvent[] => events.filter((event) => event.stream.startsWith(prefix));

  describe('a subscription to all streams', () => {
    it('begins after the position it is given, says once that it caught up, and goes on live', async () => {
      const category = newCategory();
      const events = newEvents(4);
      await store().append(`${category}-1`, events.slice(0, 2), { expectedRevision: 'no-stream' });
      const [first] = await collect(store().readStream(`${category}-1`));
      const follower = follow((signal) => store().subscribeToAll({ after: first?.position ?? '', signal }));
      await follower.caughtUp();
      expect(idsOf(of(follower.events, category))).to.deep.equal(idsOf(events.slice(1, 2)));

      await store().append(`${category}-1`, events.slice(2), { expectedRevision: 1 });
      await follower.until(() => of(follower.events, category).length === 3);
      await follower.stop();
      expect(idsOf(of(follower.events, category))).to.deep.equal(idsOf(events.slice(1)));
      expect(follower.messages.filter((message) => message.kind === 'caught-up')).to.have.lengthOf(1);
    });

    it('from the start delivers what reading all does, in the same order', async () => {
      const category = newCategory();
      await store().append(`${category}-1`, newEvents(3), { expectedRevision: 'no-stream' });
      await store().append(`${category}-2`, newEvents(3), { expectedRevision: 'no-stream' });
      const filter = { streamPrefixes: [category] };
      const follower = follow((signal) => store().subscribeToAll({ after: 'start', filter, signal }));
      await follower.caughtUp();
      await follower.stop();
      expect(follower.events).to.deep.equal(await collect(store().readAll({ filter })));
    });

    it('from the end delivers only what comes from now on', async () => {
      const stream = newStream();
      await store().append(stream, [newEvent()], { expectedRevision: 'no-stream' });
      const follower = follow((signal) => store().subscribeToAll({ after: 'end', signal }));
      await follower.caughtUp();
      const event = newEvent();
      await store().append(stream, [event], { expectedRevision: 0 });
      await follower.until(() => of(follower.events, stream).length > 0);
      await follower.stop();
      expect(idsOf(of(follower.events, stream))).to.deep.equal([event.id]);
    });

    it('misses and repeats nothing while many write, wherever it begins', async () => {
      const category = newCategory();
      const place = await markPlace(store());
      const total = 600;
      const started: ReturnType<typeof follow>[] = [];
      const subscribe = (after: string): void => {
        started.push(follow((signal) => store().subscribeToAll({ after, signal })));
      };
      subscribe(place);
      await Promise.all(
        Array.from({ length: 12 }, async (_, writer) => {
          for (let revision = 0; revision < total / 12; revision += 1) {
            const expectedRevision = revision === 0 ? 'no-stream' : revision - 1;
            await store().append(`${category}-${writer}`, [newEvent({ revision })], { expectedRevision });
            // New subscribers catch up while the others write.
            if (revision % 16 === writer) subscribe(place);
          }
        }),
      );
      const logged = await loggedAfter(store(), place, category);
      expect(logged).to.have.lengthOf(total);
      expect(started.length).to.be.greaterThan(12);
      for (const follower of started) {
        await follower.until(() => of(follower.events, category).length >= total);
        await follower.stop();
        expect(idsOf(of(follower.events, category))).to.deep.equal(idsOf(logged));
      }
    });

    it('keeps what the filter names, and says how far it has come', async () => {
      const category = newCategory();
      const place = await markPlace(store());
      const filter = { streamPrefixes: [`${category}-a`] };
      await store().append(`${category}-a`, newEvents(2), { expectedRevision: 'no-stream' });
      await store().append(`${category}-b`, newEvents(2), { expectedRevision: 'no-stream' });
      const follower = follow((signal) => store().subscribeToAll({ after: place, filter, signal }));
      await follower.caughtUp();
      await store().append(`${category}-b`, newEvents(2), { expectedRevision: 1 });
      await store().append(`${category}-a`, newEvents(2), { expectedRevision: 1 });
      await follower.until(() => follower.events.length >= 4);
      await follower.stop();
      expect(follower.events.map((event) => event.stream)).to.deep.equal(Array(4).fill(`${category}-a`));
      let considered = place;
      for (const message of follower.messages) {
        const reached = message.kind === 'events' ? message.events.at(-1)?.position : message.position;
        if (reached === undefined) continue;
        expect(store().comparePositions(reached, considered)).to.be.at.least(0);
        considered = reached;
      }
    });

    it('keeps the types that the filter names', async () => {
      const place = await markPlace(store());
      const type = `Rare${newCategory()}`;
      const follower = follow((signal) => store().subscribeToAll({ after: place, filter: { typePrefixes: [type] }, signal }));
      const stream = newStream();
      await store().append(stream, [newEvent(), newEvent({}, `${type}Happened`), newEvent()], { expectedRevision: 'no-stream' });
      await follower.until(() => follower.events.length > 0);
      await follower.stop();
      expect(follower.events.map((event) => event.type)).to.deep.equal([`${type}Happened`]);
    });

    it('shows events that stream reads hide', async () => {
      const stream = newStream();
      const place = await markPlace(store());
      await store().append(stream, newEvents(3), { expectedRevision: 'no-stream' });
      await store().setStreamMetadata(stream, { maxCount: 1 });
      const follower = follow((signal) => store().subscribeToAll({ after: place, signal }));
      await follower.caughtUp();
      await follower.stop();
      expect(of(follower.events, stream)).to.have.lengthOf(3);
    });

    it('ends quietly by its signal: before it begins, while it waits, and in the middle of a page', async () => {
      for await (const message of store().subscribeToAll({ after: 'start', signal: AbortSignal.abort() })) {
        expect.fail(`nothing was to come, but ${message.kind} did`);
      }
      const waiting = follow((signal) => store().subscribeToAll({ after: 'end', signal }));
      await waiting.caughtUp();
      await waiting.stop();

      const place = await markPlace(store());
      await store().append(newStream(), newEvents(3), { expectedRevision: 'no-stream' });
      const controller = new AbortController();
      const seen: string[] = [];
      for await (const message of store().subscribeToAll({ after: place, signal: controller.signal })) {
        seen.push(message.kind);
        controller.abort();
      }
      expect(seen).to.deep.equal(['events']);
    });
  });
}
