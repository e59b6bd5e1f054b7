/** What every event store does. EventStoreDB's behaviour is the measure: a claim here must also hold on a real server, shared and not empty. */
import { describeAppends } from './event-store/appends.ts';
import { describeDeletion } from './event-store/deletion.ts';
import { describeIdempotency } from './event-store/idempotency.ts';
import { describeMetadata } from './event-store/metadata.ts';
import { describeReads } from './event-store/reads.ts';
import { describeSubscriptionsToAll } from './event-store/subscriptions-to-all.ts';
import { describeSubscriptionsToStreams } from './event-store/subscriptions-to-streams.ts';
import type { StoreUnderTest } from './event-store/store-under-test.ts';

/** Declares the suite for one adapter. `makeStore` is called once; streams of earlier runs may be in it. */
export function describeEventStore(name: string, makeStore: () => Promise<StoreUnderTest>): void {
  describe(`event store: ${name}`, () => {
    let made: StoreUnderTest | undefined;
    before(async () => {
      made = await makeStore();
    });
    after(async () => {
      await made?.dispose();
    });
    const store = (): StoreUnderTest['store'] => {
      if (made === undefined) throw new Error('The store is opened before the first test.');
      return made.store;
    };

    describeAppends(store);
    describeIdempotency(store);
    describeReads(store);
    describeMetadata(store);
    describeDeletion(store);
    describeSubscriptionsToAll(store);
    describeSubscriptionsToStreams(store);
  });
}
