/** Streams of expiring categories get their `$maxAge` and `$maxCount`, others none. */
import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { createStreamBoundsStore, type StreamBoundsStore } from '../../services/event-store/stream-bounds-store.ts';
import { type EmbeddedEventStore, openEventStore } from '../../services/event-store/open.ts';
import { EventStoreError } from '../../services/event-store/port.ts';
import { eventually } from '../support/eventually.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';

describe('a store that is told how long streams stay', () => {
  const directory = makeTemporaryDirectory();
  let embedded: EmbeddedEventStore;
  let store: StreamBoundsStore;
  let pollsSeconds: number | undefined = 3600;
  let pollsCount: number | undefined;
  let isDeaf = false;
  const untold: string[] = [];

  before(async () => {
    embedded = await openEventStore({ dataDirectory: directory.path });
    const told: typeof embedded = {
      ...embedded,
      setStreamMetadata: (...given) => (isDeaf ? Promise.reject(new EventStoreError('event-store-unavailable', 'it is away')) : embedded.setStreamMetadata(...given)),
    };
    store = createStreamBoundsStore(told, { boundsOf: (category) => (category === 'polls' ? { maxAge: pollsSeconds, maxCount: pollsCount } : undefined), onUntold: (stream) => untold.push(stream) });
  });
  after(async () => {
    await embedded.close();
    directory.remove();
  });

  const append = (stream: string) => store.append(stream, [{ id: randomUUID(), type: 'ThingHappened', data: '{}', metadata: '{}' }], { expectedRevision: 'any' });
  const maxAgeOf = async (stream: string) => (await embedded.getStreamMetadata(stream)).metadata.maxAge;
  const becomes = (stream: string, seconds: number | undefined) => eventually(`${stream} to stay ${String(seconds)} s`, async () => ((await maxAgeOf(stream)) === seconds ? true : undefined));

  it('says so for the categories that expire, and keeps what else was said of the stream', async () => {
    await embedded.setStreamMetadata('polls-cp1_0', { maxCount: 1000, owner: 'ops' });
    await append('polls-cp1_0');
    await append('environment-1');
    await becomes('polls-cp1_0', 3600);
    expect((await embedded.getStreamMetadata('polls-cp1_0')).metadata).to.deep.equal({ maxCount: 1000, owner: 'ops', maxAge: 3600, homeportSets: ['maxAge'] });
    expect(await maxAgeOf('environment-1')).to.equal(undefined);
  });

  it('says it once, and again after the setting changed', async () => {
    await append('polls-cp1_1');
    await becomes('polls-cp1_1', 3600);
    await append('polls-cp1_1');
    expect((await embedded.getStreamMetadata('polls-cp1_1')).revision).to.equal(0);
    pollsSeconds = 7200;
    store.retell();
    await append('polls-cp1_1');
    await becomes('polls-cp1_1', 7200);
  });

  it('takes away a bound that was set to none, and never one that somebody else set', async () => {
    await embedded.setStreamMetadata('polls-cp1_3', { maxCount: 7 });
    pollsSeconds = 60;
    await append('polls-cp1_3');
    await becomes('polls-cp1_3', 60);
    pollsSeconds = undefined;
    store.retell();
    await append('polls-cp1_3');
    await becomes('polls-cp1_3', undefined);
    expect((await embedded.getStreamMetadata('polls-cp1_3')).metadata).to.deep.equal({ maxCount: 7 });
    [pollsSeconds, pollsCount] = [7200, 500];
    store.retell();
    await append('polls-cp1_3');
    await becomes('polls-cp1_3', 7200);
    expect((await embedded.getStreamMetadata('polls-cp1_3')).metadata).to.include({ maxCount: 500 });
    pollsCount = undefined;
  });

  it('appends all the same where it can’t be said, and says it with a later append', async () => {
    isDeaf = true;
    await append('polls-cp1_2');
    await eventually('the trouble to be told', () => (untold.includes('polls-cp1_2') ? true : undefined));
    isDeaf = false;
    await append('polls-cp1_2');
    await becomes('polls-cp1_2', 7200);
  });
});
