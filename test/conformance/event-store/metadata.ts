/** Stream metadata: what it says, and what it hides from stream reads at once while the log of all still shows it. */
import { expect } from 'chai';
import { collect, loggedAfter, markPlace, newEvent, newEvents, newStream, refused, revisionsOf, type GetStore } from './store-under-test.ts';

export function describeMetadata(store: GetStore): void {
  describe('stream metadata', () => {
    it('is empty where none was set', async () => {
      expect(await store().getStreamMetadata(newStream())).to.deep.equal({ metadata: {}, revision: undefined });
    });

    it('comes back as it was set, its own properties too, and replaces what was there', async () => {
      const stream = newStream();
      const metadata = { maxAge: 3_600, maxCount: 10, cacheControl: 5, owner: 'ops', nested: { deep: [1] } };
      await store().setStreamMetadata(stream, metadata);
      expect(await store().getStreamMetadata(stream)).to.deep.equal({ metadata, revision: 0 });
      await store().setStreamMetadata(stream, { maxCount: 3 });
      expect(await store().getStreamMetadata(stream)).to.deep.equal({ metadata: { maxCount: 3 }, revision: 1 });
    });

    it('is set with an expected revision of its own', async () => {
      const stream = newStream();
      await store().setStreamMetadata(stream, { maxCount: 1 }, { expectedRevision: 'no-stream' });
      await refused(store().setStreamMetadata(stream, { maxCount: 2 }, { expectedRevision: 'no-stream' }), 'wrong-expected-revision');
      await store().setStreamMetadata(stream, { maxCount: 2 }, { expectedRevision: 0 });
      expect((await store().getStreamMetadata(stream)).metadata).to.deep.equal({ maxCount: 2 });
    });

    it('is an event of type $metadata on the stream $$name, which shows its newest only', async () => {
      const stream = newStream();
      const place = await markPlace(store());
      await store().setStreamMetadata(stream, { maxAge: 60 });
      await store().setStreamMetadata(stream, { maxAge: 60, maxCount: 7, truncateBefore: 2, cacheControl: 9, custom: 'x' });
      const [event, ...others] = await collect(store().readStream(`$$${stream}`));
      expect(others).to.deep.equal([]);
      expect(event).to.include({ type: '$metadata', revision: 1 });
      expect(JSON.parse(event?.data ?? '')).to.deep.equal({ $maxAge: 60, $maxCount: 7, $tb: 2, $cacheControl: 9, custom: 'x' });
      expect(revisionsOf(await loggedAfter(store(), place, `$$${stream}`))).to.deep.equal([0, 1]);
    });

    it('makes a stream without events exist for stream-exists', async () => {
      const stream = newStream();
      await store().setStreamMetadata(stream, { maxCount: 5 });
      await refused(collect(store().readStream(stream)), 'stream-not-found');
      const { revision } = await store().append(stream, [newEvent()], { expectedRevision: 'stream-exists' });
      expect(revision).to.equal(0);
    });
  });

  describe('maxCount', () => {
    it('shows only the newest events of the stream, at once, and the log of all still shows every one', async () => {
      const stream = newStream();
      const place = await markPlace(store());
      await store().append(stream, newEvents(5), { expectedRevision: 'no-stream' });
      await store().setStreamMetadata(stream, { maxCount: 2 });
      expect(revisionsOf(await collect(store().readStream(stream)))).to.deep.equal([3, 4]);
      expect(revisionsOf(await collect(store().readStream(stream, { from: 1 })))).to.deep.equal([3, 4]);
      expect(revisionsOf(await collect(store().readStream(stream, { direction: 'backwards' })))).to.deep.equal([4, 3]);
      expect(revisionsOf(await loggedAfter(store(), place, stream))).to.deep.equal([0, 1, 2, 3, 4]);
      await store().append(stream, [newEvent()], { expectedRevision: 4 });
      expect(revisionsOf(await collect(store().readStream(stream)))).to.deep.equal([4, 5]);
    });
  });

  describe('truncateBefore', () => {
    it('hides the events before that revision, and none when it is taken back', async () => {
      const stream = newStream();
      await store().append(stream, newEvents(4), { expectedRevision: 'no-stream' });
      await store().setStreamMetadata(stream, { truncateBefore: 3 });
      expect(revisionsOf(await collect(store().readStream(stream)))).to.deep.equal([3]);
      await store().setStreamMetadata(stream, { truncateBefore: 4 });
      expect(await collect(store().readStream(stream))).to.deep.equal([]);
      await store().setStreamMetadata(stream, {});
      expect(revisionsOf(await collect(store().readStream(stream)))).to.deep.equal([0, 1, 2, 3]);
    });
  });

  describe('maxAge', () => {
    it('hides events as they grow old, not younger ones, and the log of all still shows every one', async () => {
      const stream = newStream();
      const place = await markPlace(store());
      await store().append(stream, newEvents(2), { expectedRevision: 'no-stream' });
      await store().setStreamMetadata(stream, { maxAge: 1 });
      let shown = await collect(store().readStream(stream));
      while (shown.length > 0) shown = await collect(store().readStream(stream));
      await store().append(stream, [newEvent()], { expectedRevision: 1 });
      expect(revisionsOf(await collect(store().readStream(stream)))).to.deep.equal([2]);
      expect(revisionsOf(await loggedAfter(store(), place, stream))).to.deep.equal([0, 1, 2]);
    });
  });
}
