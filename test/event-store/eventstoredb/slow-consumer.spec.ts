/** A server that drops a subscriber which does not keep up: it subscribes again from where it stands, and misses and repeats nothing. */
import { expect } from 'chai';
import { openEventStoreDb } from '../../../services/event-store/eventstoredb/event-store.ts';
import type { EventStore, SubscriptionMessage } from '../../../services/event-store/port.ts';
import { fill } from '../../audit/support/events.ts';
import { eventually } from '../../support/eventually.ts';
import { startCluster, type Cluster } from './cluster.ts';

const count = 300;

describe('the EventStoreDB adapter, dropped as a slow consumer', () => {
  let cluster: Cluster;
  let store: EventStore;
  before(async () => {
    cluster = await startCluster({ nodes: 1, stallMs: 150 });
    store = await openEventStoreDb({ connectionString: `esdb://127.0.0.1:${String(cluster.ports[0])}?tls=false` });
    // More than the connection and the client hold, several times.
    await fill(cluster.store, 'large-1', count, 'ThingHappened', 'x'.repeat(15_000));
    await fill(cluster.store, 'other-1', 20);
  });
  after(async () => {
    await store.close();
    await cluster.close();
  });

  const subscriptions: readonly (readonly [title: string, subscribe: (signal: AbortSignal) => AsyncIterable<SubscriptionMessage>])[] = [
    ['of all', (signal) => store.subscribeToAll({ after: 'start', signal })],
    ['of all with a filter', (signal) => store.subscribeToAll({ after: 'start', filter: { streamPrefixes: ['large-'] }, signal })],
    ['of one stream', (signal) => store.subscribeToStream('large-1', { after: 'start', signal })],
  ];
  for (const [title, subscribe] of subscriptions) {
    it(`a subscription ${title} goes on from its own place, without gap or repeat`, async () => {
      const over = new AbortController();
      const numbers: number[] = [];
      const begun = cluster.readsBegun();
      const isOpen = (): boolean => cluster.endedReads() < cluster.readsBegun();
      let dropped = 0;
      for await (const message of subscribe(over.signal)) {
        if (message.kind !== 'events') continue;
        for (const { stream, data } of message.events) if (stream === 'large-1') numbers.push((JSON.parse(data) as { readonly number: number }).number);
        if (numbers.length >= count) over.abort();
        // Three times nothing is taken until the server has had enough; what it had sent before is still there to be taken.
        else if (dropped < 3 && isOpen()) {
          await eventually('the server to drop the subscription', () => (isOpen() ? undefined : true));
          dropped += 1;
        }
      }
      expect(numbers).to.deep.equal(Array.from({ length: count }, (_, number) => number));
      expect(cluster.readsBegun() - begun, 'it had to subscribe again').to.be.at.least(4);
    });
  }
});
