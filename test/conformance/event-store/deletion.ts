/** Soft delete, after which a stream may live again, and tombstones, after which it may not. */
import { expect } from 'chai';
import type { ExpectedRevision } from '../../../services/event-store/port.ts';
import { collect, loggedAfter, markPlace, newEvent, newEvents, newStream, refused, revisionsOf, type GetStore } from './store-under-test.ts';

export function describeDeletion(store: GetStore): void {
  const streamOf = async (count: number): Promise<string> => {
    const stream = newStream();
    await store().append(stream, newEvents(count), { expectedRevision: 'no-stream' });
    return stream;
  };

  describe('a deleted stream', () => {
    it('is not found by reads, while the log of all still shows its events', async () => {
      const place = await markPlace(store());
      const stream = await streamOf(3);
      await store().deleteStream(stream, { expectedRevision: 2 });
      await refused(collect(store().readStream(stream)), 'stream-not-found');
      await refused(collect(store().readStream(stream, { direction: 'backwards' })), 'stream-not-found');
      expect(revisionsOf(await loggedAfter(store(), place, stream))).to.deep.equal([0, 1, 2]);
      expect((await store().getStreamMetadata(stream)).metadata.truncateBefore).to.be.greaterThan(Number.MAX_SAFE_INTEGER);
    });

    const revivals: readonly ExpectedRevision[] = ['no-stream', 'any', 2];
    for (const expectedRevision of revivals) {
      it(`lives again by an append with ${expectedRevision}, goes on numbering and shows the new events only`, async () => {
        const stream = await streamOf(3);
        await store().setStreamMetadata(stream, { maxCount: 50 });
        await store().deleteStream(stream, { expectedRevision: 'any' });
        const { revision } = await store().append(stream, newEvents(2), { expectedRevision });
        expect(revision).to.equal(4);
        expect(revisionsOf(await collect(store().readStream(stream)))).to.deep.equal([3, 4]);
        expect((await store().getStreamMetadata(stream)).metadata.truncateBefore).to.equal(3);
        const { revision: next } = await store().append(stream, [newEvent()], { expectedRevision: 4 });
        expect(next).to.equal(5);
      });
    }

    it('is refused as deleted to an append with stream-exists', async () => {
      const stream = await streamOf(1);
      await store().deleteStream(stream, { expectedRevision: 0 });
      await refused(store().append(stream, [newEvent()], { expectedRevision: 'stream-exists' }), 'stream-deleted');
    });

    it('refuses a wrong revision, before as after', async () => {
      const stream = await streamOf(3);
      await refused(store().deleteStream(stream, { expectedRevision: 1 }), 'wrong-expected-revision');
      await refused(store().deleteStream(stream, { expectedRevision: 3 }), 'wrong-expected-revision');
      expect(await collect(store().readStream(stream))).to.have.lengthOf(3);
      await store().deleteStream(stream, { expectedRevision: 2 });
      await refused(store().append(stream, [newEvent()], { expectedRevision: 1 }), 'wrong-expected-revision');
    });

    it('comes back empty when its metadata is set', async () => {
      const stream = await streamOf(2);
      await store().deleteStream(stream, { expectedRevision: 1 });
      await store().setStreamMetadata(stream, { owner: 'ops' });
      expect(await collect(store().readStream(stream))).to.deep.equal([]);
      expect((await store().getStreamMetadata(stream)).metadata).to.deep.equal({ owner: 'ops', truncateBefore: 2 });
    });

    it('must have existed', async () => {
      await refused(store().deleteStream(newStream(), { expectedRevision: 'any' }), 'wrong-expected-revision');
    });

    it('can be deleted, and live, again', async () => {
      const stream = await streamOf(1);
      for (let revision = 0; revision < 3; revision += 1) {
        await store().deleteStream(stream, { expectedRevision: revision });
        await refused(collect(store().readStream(stream)), 'stream-not-found');
        await store().append(stream, [newEvent()], { expectedRevision: 'no-stream' });
        expect(revisionsOf(await collect(store().readStream(stream)))).to.deep.equal([revision + 1]);
      }
    });
  });

  describe('a tombstoned stream', () => {
    it('refuses everything, for ever', async () => {
      const stream = await streamOf(2);
      await store().tombstoneStream(stream, { expectedRevision: 1 });
      const revisions: readonly ExpectedRevision[] = ['any', 'no-stream', 'stream-exists', 1, 2];
      for (const expectedRevision of revisions) {
        await refused(store().append(stream, [newEvent()], { expectedRevision }), 'stream-deleted');
      }
      await refused(collect(store().readStream(stream)), 'stream-deleted');
      await refused(collect(store().readStream(stream, { direction: 'backwards' })), 'stream-deleted');
      await refused(store().setStreamMetadata(stream, { maxCount: 1 }), 'stream-deleted');
      await refused(store().getStreamMetadata(stream), 'stream-deleted');
      await refused(store().deleteStream(stream, { expectedRevision: 'any' }), 'stream-deleted');
      await refused(store().tombstoneStream(stream, { expectedRevision: 'any' }), 'stream-deleted');
    });

    it('ends with $streamDeleted in the log of all', async () => {
      const place = await markPlace(store());
      const stream = await streamOf(2);
      await store().tombstoneStream(stream, { expectedRevision: 'any' });
      const types = (await loggedAfter(store(), place, stream)).map((event) => event.type);
      expect(types).to.deep.equal(['ThingHappened', 'ThingHappened', '$streamDeleted']);
    });

    it('was refused at a wrong revision, and lives on', async () => {
      const stream = await streamOf(2);
      await refused(store().tombstoneStream(stream, { expectedRevision: 0 }), 'wrong-expected-revision');
      await refused(store().tombstoneStream(stream, { expectedRevision: 'no-stream' }), 'wrong-expected-revision');
      expect((await store().append(stream, [newEvent()], { expectedRevision: 1 })).revision).to.equal(2);
    });

    it('need not have existed', async () => {
      const stream = newStream();
      await store().tombstoneStream(stream, { expectedRevision: 'no-stream' });
      await refused(store().append(stream, [newEvent()], { expectedRevision: 'any' }), 'stream-deleted');
      await refused(collect(store().readStream(stream)), 'stream-deleted');
    });

    it('may have been deleted before', async () => {
      const stream = await streamOf(1);
      await store().deleteStream(stream, { expectedRevision: 0 });
      await store().tombstoneStream(stream, { expectedRevision: 'any' });
      await refused(collect(store().readStream(stream)), 'stream-deleted');
    });
  });
}
