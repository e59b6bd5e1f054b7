/** EventStoreDB's own client reads and follows history by its documented verbs. */
import { BACKWARDS, END, EventStoreDBClient, eventTypeFilter, excludeSystemEvents, jsonEvent, START, streamNameFilter, type Position } from '@eventstore/db-client';
import { expect } from 'chai';
import { fill, newEvent } from './support/events.ts';
import { startFront, type FrontUnderTest } from './support/front-under-test.ts';

describe('audit front: EventStoreDB’s own client', () => {
  let front: FrontUnderTest;
  let client: EventStoreDBClient;
  before(async () => {
    front = await startFront();
    await fill(front.store, 'environment-a', 5, 'EnvironmentRenamed');
    await fill(front.store, 'tunnel-a', 3, 'TunnelOpened');
    await fill(front.store, 'environment-b', 2, 'EnvironmentCreated');
    await front.store.setStreamMetadata('tunnel-a', { maxAge: 3600, owner: 'ops' });
    client = EventStoreDBClient.connectionString(front.connectionString);
  });
  after(async () => {
    await client.dispose();
    await front.close();
    expect(front.failures).to.deep.equal([]);
  });

  const revisions = async (read: AsyncIterable<{ readonly event?: { readonly revision: bigint } | undefined }>): Promise<number[]> => {
    const seen: number[] = [];
    for await (const { event } of read) seen.push(Number(event?.revision));
    return seen;
  };
  const names = async (read: AsyncIterable<{ readonly event?: { readonly streamId: string; readonly revision: bigint } | undefined }>): Promise<string[]> => {
    const seen: string[] = [];
    for await (const { event } of read) seen.push(`${event?.streamId ?? ''}@${event?.revision ?? ''}`);
    return seen;
  };

  it('reads a stream both ways, from a revision, and as many as it asks for', async () => {
    expect(await revisions(client.readStream('environment-a'))).to.deep.equal([0, 1, 2, 3, 4]);
    expect(await revisions(client.readStream('environment-a', { fromRevision: 3n }))).to.deep.equal([3, 4]);
    expect(await revisions(client.readStream('environment-a', { direction: BACKWARDS, fromRevision: END, maxCount: 2 }))).to.deep.equal([4, 3]);
    expect(await revisions(client.readStream('environment-a', { direction: BACKWARDS, fromRevision: 1n }))).to.deep.equal([1, 0]);
  });

  it('shows an event as it was recorded', async () => {
    const appended = newEvent('ThingHappened', { text: 'Grüße, 環境 🚢' });
    await front.store.append('things-1', [appended], { expectedRevision: 'no-stream' });
    const beforeMs = Date.now();
    for await (const { event } of client.readStream('things-1')) {
      expect(event).to.include({ id: appended.id, streamId: 'things-1', type: 'ThingHappened', isJson: true });
      expect(event?.data).to.deep.equal({ text: 'Grüße, 環境 🚢' });
      expect(event?.metadata).to.deep.equal({ actor: 'test' });
      expect(event?.created.getTime()).to.be.closeTo(beforeMs, 60_000);
    }
  });

  it('reads all streams both ways, and on from a position', async () => {
    const all = await names(client.readAll());
    expect(all.slice(0, 8)).to.deep.equal(['environment-a@0', 'environment-a@1', 'environment-a@2', 'environment-a@3', 'environment-a@4', 'tunnel-a@0', 'tunnel-a@1', 'tunnel-a@2']);
    expect(await names(client.readAll({ direction: BACKWARDS, fromPosition: END }))).to.deep.equal(all.toReversed());
    const positions: (Position | undefined)[] = [];
    for await (const { event } of client.readAll({ maxCount: 4 })) positions.push(event?.position);
    const [, , third, fourth] = positions;
    expect(await names(client.readAll({ fromPosition: fourth ?? START, maxCount: 2 }))).to.deep.equal(all.slice(3, 5));
    // As EventStoreDB does: backwards begins with what stands before the position.
    expect(await names(client.readAll({ direction: BACKWARDS, fromPosition: third ?? END }))).to.deep.equal(all.slice(0, 2).toReversed());
  });

  it('says that there is no such stream, as the client knows it', async () => {
    const error = await failure(revisions(client.readStream('nothing-here')));
    expect(error).to.include({ type: 'stream-not-found', streamName: 'nothing-here' });
  });

  it('reads stream metadata', async () => {
    const { metadata } = await client.getStreamMetadata('tunnel-a');
    expect(metadata).to.deep.equal({ maxAge: 3600, owner: 'ops' });
    expect(await client.getStreamMetadata('environment-a')).to.deep.equal({ streamName: 'environment-a' });
  });

  it('refuses to write, delete and set metadata as access-denied, with credentials of the connection and of the call', async () => {
    const event = jsonEvent({ type: 'Forged', data: {} });
    const credentials = { username: 'auditor', password: 'secret' };
    for (const attempt of [
      () => client.appendToStream('environment-a', event),
      () => client.appendToStream('environment-a', event, { credentials }),
      () => client.setStreamMetadata('environment-a', { maxCount: 1 }),
      () => client.deleteStream('environment-a'),
      () => client.tombstoneStream('environment-a'),
    ]) {
      expect(await failure(attempt())).to.include({ type: 'access-denied' });
    }
    expect(await revisions(client.readStream('environment-a'))).to.deep.equal([0, 1, 2, 3, 4]);
  });

  it('follows a stream from a revision, says when it has caught up, and goes on live', async () => {
    const seen: number[] = [];
    const kinds: string[] = [];
    const subscription = client.subscribeToStream('environment-b', { fromRevision: 0n });
    subscription.on('confirmation', () => kinds.push('confirmation')).on('caughtUp', () => {
      kinds.push('caughtUp');
      void fill(front.store, 'environment-b', 2);
    });
    for await (const { event } of subscription) {
      seen.push(Number(event?.revision));
      if (seen.length === 3) break;
    }
    expect(seen).to.deep.equal([1, 2, 3]);
    expect(kinds).to.deep.equal(['confirmation', 'caughtUp']);
  });

  for (const { by, stream, filter } of [
    { by: 'prefixes of stream names', stream: 'one-1', filter: () => streamNameFilter({ prefixes: ['one-', 'nothing-'], maxSearchWindow: 32, checkpointInterval: 1 }) },
    { by: 'a regular expression over stream names', stream: 'two-2', filter: () => streamNameFilter({ regex: '^tw+o-[0-9]$', maxSearchWindow: 2, checkpointInterval: 2 }) },
    { by: 'prefixes of event types', stream: 'three-3', filter: () => eventTypeFilter({ prefixes: ['Rare:three-3'], maxSearchWindow: 32, checkpointInterval: 1 }) },
    { by: 'a regular expression over event types', stream: 'four-4', filter: () => eventTypeFilter({ regex: 'four-4$|five-5$', maxSearchWindow: 2, checkpointInterval: 2 }) },
  ]) {
    it(`follows all streams by ${by}, with checkpoints from where it can go on`, async () => {
      await fill(front.store, stream, 3, `Rare:${stream}`);
      await fill(front.store, 'between-1', 100);
      const checkpoints: Position[] = [];
      const seen: (Position | undefined)[] = [];
      const subscription = client.subscribeToAll({ fromPosition: START, filter: { ...filter(), checkpointReached: (_, position) => void checkpoints.push(position) } });
      const { promise: caughtUp, resolve } = Promise.withResolvers<undefined>();
      subscription.on('caughtUp', () => resolve(undefined));
      subscription.on('data', ({ event }) => {
        expect(event?.streamId).to.equal(stream);
        seen.push(event?.position);
      });
      await caughtUp;
      expect(seen).to.have.lengthOf(3);
      const last = checkpoints.at(-1);
      expect((last?.commit ?? 0n) > (seen.at(-1)?.commit ?? 0n), 'the last checkpoint is past the last event').to.equal(true);
      await subscription.unsubscribe();

      // Whoever goes on from the checkpoint misses nothing that comes later, and sees nothing again.
      const onwards = client.subscribeToAll({ fromPosition: last ?? START, filter: filter() });
      onwards.on('caughtUp', () => void fill(front.store, stream, 1, `Rare:${stream}`));
      for await (const { event } of onwards) {
        expect(event?.revision).to.equal(3n);
        break;
      }
    });
  }

  it('leaves system events out where the client asks for it', async () => {
    const types = new Set<string>();
    const subscription = client.subscribeToAll({ filter: excludeSystemEvents() });
    const { promise: caughtUp, resolve } = Promise.withResolvers<undefined>();
    subscription.on('data', ({ event }) => types.add(event?.type ?? '')).on('caughtUp', () => resolve(undefined));
    await caughtUp;
    await subscription.unsubscribe();
    expect(types).to.include('EnvironmentRenamed');
    expect([...types].filter((type) => type.startsWith('$'))).to.deep.equal([]);
  });

  it('finds the server by discovery, with one address or several', async () => {
    for (const address of [front.connectionString.replace('esdb://', 'esdb+discover://'), front.connectionString.replace(/@(localhost:\d+)/, '@$1,$1')]) {
      const discovering = EventStoreDBClient.connectionString(address);
      expect(await revisions(discovering.readStream('environment-a', { maxCount: 1 }))).to.deep.equal([0]);
      await discovering.dispose();
    }
  });

  it('reads a long history whole, many readers at once', async () => {
    await fill(front.store, 'long-1', 5_000);
    const expected = Array.from({ length: 5_000 }, (_, number) => number);
    const read = await Promise.all(Array.from({ length: 8 }, () => revisions(client.readStream('long-1'))));
    for (const seen of read) expect(seen).to.deep.equal(expected);
  });
});

async function failure(attempt: Promise<unknown>): Promise<Record<string, unknown>> {
  return attempt.then(
    () => expect.fail('this was to be refused'),
    (error: unknown) => error as Record<string, unknown>,
  );
}
