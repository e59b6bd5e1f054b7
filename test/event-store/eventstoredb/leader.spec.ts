/** The leader of the cluster moves: appends find it, by the name that a refusal gives or by gossip, and nothing is recorded twice or missed. */
import { expect } from 'chai';
import { openEventStoreDb } from '../../../services/event-store/eventstoredb/event-store.ts';
import type { EventStore } from '../../../services/event-store/port.ts';
import { follow } from '../../conformance/event-store/follower.ts';
import { collect, idsOf, newEvent, newEvents, revisionsOf } from '../../conformance/event-store/store-under-test.ts';
import { startCluster, type Cluster } from './cluster.ts';

describe('the EventStoreDB adapter, when the leader moves', () => {
  let cluster: Cluster;
  let store: EventStore;
  beforeEach(async () => {
    cluster = await startCluster({ nodes: 3 });
  });
  afterEach(async () => {
    await store.close();
    await cluster.close();
  });

  const hosts = () => cluster.ports.map((port) => `127.0.0.1:${port}`);

  it('follows the name that a node gives which does not lead, wherever it leads', async () => {
    cluster.elect(1);
    store = await openEventStoreDb({ connectionString: `esdb://${hosts()[0] ?? ''}?tls=false` });
    expect((await store.append('thing-1', newEvents(2), { expectedRevision: 'no-stream' })).revision).to.equal(1);
    cluster.elect(2);
    expect((await store.append('thing-1', newEvents(1), { expectedRevision: 1 })).revision).to.equal(2);
    cluster.elect(0);
    expect((await store.append('thing-1', newEvents(1), { expectedRevision: 2 })).revision).to.equal(3);
    cluster.elect(1);
    await store.setStreamMetadata('thing-1', { maxAge: 60 });
    expect((await store.getStreamMetadata('thing-1')).metadata).to.deep.equal({ maxAge: 60 });
    expect(cluster.appends).to.deep.equal([1, 2, 1]);
    expect(store.unavailability()).to.equal(undefined);
  });

  it('appends in flight while it moves, gossip lags and a leader dies are recorded once and in order, and a subscription misses none', async () => {
    store = await openEventStoreDb({ connectionString: `esdb://${hosts().join(',')}?tls=false` });
    const following = follow((signal) => store.subscribeToAll({ after: 'start', signal }));
    const sent = new Map<string, string[]>();
    let recorded = 0;
    const reached = (count: number): boolean => recorded >= count;

    async function write(stream: string): Promise<void> {
      const ids: string[] = [];
      sent.set(stream, ids);
      for (let revision = -1; revision < 29; revision += 1) {
        const event = newEvent();
        const answer = await appendUntilRecorded(stream, event, revision);
        expect(answer).to.equal(revision + 1);
        ids.push(event.id);
        recorded += 1;
        if (reached(100) && cluster.appends[2] === 0) cluster.elect(2);
        if (reached(200) && cluster.appends[1] === 0) {
          cluster.elect(1);
          cluster.kill(2);
          cluster.tell();
        }
      }
    }

    /** While the store is away whoever asks is told at once, and comes again with the same event. */
    async function appendUntilRecorded(stream: string, event: ReturnType<typeof newEvent>, revision: number): Promise<number> {
      for (;;) {
        try {
          return (await store.append(stream, [event], { expectedRevision: revision === -1 ? 'no-stream' : revision })).revision;
        } catch (error) {
          expect(error).to.have.property('code', 'event-store-unavailable');
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
    }

    await Promise.all(Array.from({ length: 16 }, (_, index) => write(`thing-${index}`)));
    expect(cluster.appends.every((count) => count > 0), String(cluster.appends)).to.equal(true);
    for (const [stream, ids] of sent) {
      const events = await collect(cluster.store.readStream(stream));
      expect(idsOf(events)).to.deep.equal(ids);
      expect(revisionsOf(events)).to.deep.equal(ids.map((_, revision) => revision));
    }
    const logged = await collect(cluster.store.readAll());
    await following.until(({ events }) => events.length >= logged.length);
    expect(idsOf(following.events)).to.deep.equal(idsOf(logged));
    await following.stop();
  });
});
