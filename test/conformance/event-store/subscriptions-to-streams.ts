/** Subscriptions to one stream. */
import { expect } from 'chai';
import { follow } from './follower.ts';
import { idsOf, newEvent, newEvents, newStream, refused, revisionsOf, type GetStore } from './store-under-test.ts';

export function describeSubscriptionsToStreams(store: GetStore): void {
  describe('a subscription to a stream', () => {
    it('begins after the revision it is given, says once that it caught up, and goes on live', async () => {
      const stream = newStream();
      await store().append(stream, newEvents(3), { expectedRevision: 'no-stream' });
      const follower = follow((signal) => store().subscribeToStream(stream, { after: 0, signal }));
      await follower.caughtUp();
      expect(revisionsOf(follower.events)).to.deep.equal([1, 2]);
      await store().append(stream, newEvents(2), { expectedRevision: 2 });
      await follower.until(() => follower.events.length === 4);
      await follower.stop();
      expect(revisionsOf(follower.events)).to.deep.equal([1, 2, 3, 4]);
      expect(follower.messages.filter((message) => message.kind === 'caught-up')).to.have.lengthOf(1);
    });

    it('from the start shows all of it, and nothing of other streams', async () => {
      const stream = newStream();
      await store().append(`${stream}1`, newEvents(2), { expectedRevision: 'no-stream' });
      const events = newEvents(3);
      await store().append(stream, events, { expectedRevision: 'no-stream' });
      const follower = follow((signal) => store().subscribeToStream(stream, { after: 'start', signal }));
      await follower.caughtUp();
      await store().append(`${stream}1`, newEvents(2), { expectedRevision: 1 });
      const later = newEvent();
      await store().append(stream, [later], { expectedRevision: 2 });
      await follower.until(() => follower.events.length >= 4);
      await follower.stop();
      expect(idsOf(follower.events)).to.deep.equal(idsOf([...events, later]));
    });

    it('from the end shows only what comes from now on', async () => {
      const stream = newStream();
      await store().append(stream, newEvents(3), { expectedRevision: 'no-stream' });
      const follower = follow((signal) => store().subscribeToStream(stream, { after: 'end', signal }));
      await follower.caughtUp();
      await store().append(stream, newEvents(1), { expectedRevision: 2 });
      await follower.until(() => follower.events.length > 0);
      await follower.stop();
      expect(revisionsOf(follower.events)).to.deep.equal([3]);
    });

    it('may begin before the stream does', async () => {
      const stream = newStream();
      const follower = follow((signal) => store().subscribeToStream(stream, { after: 'start', signal }));
      await follower.caughtUp();
      await store().append(stream, newEvents(2), { expectedRevision: 'no-stream' });
      await follower.until(() => follower.events.length === 2);
      await follower.stop();
      expect(revisionsOf(follower.events)).to.deep.equal([0, 1]);
    });

    it('shows only what stream reads show', async () => {
      const stream = newStream();
      await store().append(stream, newEvents(5), { expectedRevision: 'no-stream' });
      await store().setStreamMetadata(stream, { maxCount: 2 });
      const follower = follow((signal) => store().subscribeToStream(stream, { after: 'start', signal }));
      await follower.caughtUp();
      await follower.stop();
      expect(revisionsOf(follower.events)).to.deep.equal([3, 4]);
    });

    it('misses and repeats nothing of a stream that grows meanwhile', async () => {
      const stream = newStream();
      const followers: ReturnType<typeof follow>[] = [];
      for (let revision = 0; revision < 120; revision += 1) {
        if (revision % 10 === 0) followers.push(follow((signal) => store().subscribeToStream(stream, { after: 'start', signal })));
        await store().append(stream, [newEvent()], { expectedRevision: revision === 0 ? 'no-stream' : revision - 1 });
      }
      const all = Array.from({ length: 120 }, (_, revision) => revision);
      for (const follower of followers) {
        await follower.until(() => follower.events.length >= all.length);
        await follower.stop();
        expect(revisionsOf(follower.events)).to.deep.equal(all);
      }
    });

    it('says that the stream was tombstoned before', async () => {
      const stream = newStream();
      await store().append(stream, newEvents(2), { expectedRevision: 'no-stream' });
      await store().tombstoneStream(stream, { expectedRevision: 1 });
      await refused(follow((signal) => store().subscribeToStream(stream, { after: 'start', signal })).ended, 'stream-deleted');
    });

    it('goes on with a stream that was deleted and lives again', async () => {
      const stream = newStream();
      await store().append(stream, newEvents(2), { expectedRevision: 'no-stream' });
      const follower = follow((signal) => store().subscribeToStream(stream, { after: 'start', signal }));
      await follower.caughtUp();
      await store().deleteStream(stream, { expectedRevision: 1 });
      await store().append(stream, [newEvent()], { expectedRevision: 'no-stream' });
      await follower.until(() => follower.events.length === 3);
      await follower.stop();
      expect(revisionsOf(follower.events)).to.deep.equal([0, 1, 2]);
    });

    it('ends quietly by its signal, before it begins and while it waits', async () => {
      const stream = newStream();
      for await (const message of store().subscribeToStream(stream, { after: 'start', signal: AbortSignal.abort() })) {
        expect.fail(`nothing was to come, but ${message.kind} did`);
      }
      const waiting = follow((signal) => store().subscribeToStream(stream, { after: 'end', signal }));
      await waiting.caughtUp();
      await waiting.stop();
    });
  });
}
