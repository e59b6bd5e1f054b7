/** Closing the store: reads that were left in the middle do not keep it open. */
import { expect } from 'chai';
import { openEventStoreDb } from '../../../services/event-store/eventstoredb/event-store.ts';
import { fill } from '../../audit/support/events.ts';
import { startFront, type FrontUnderTest } from '../../audit/support/front-under-test.ts';

describe('the EventStoreDB adapter, closed', () => {
  let front: FrontUnderTest;
  before(async () => {
    front = await startFront();
    await fill(front.store, 'thing-1', 100);
  });
  after(() => front.close());

  it('lets go of reads that were left, also of those whose answers had all come', async () => {
    const store = await openEventStoreDb({ connectionString: front.connectionString });
    for (const limit of [1, 40, 100]) {
      for await (const page of store.readStream('thing-1', { limit, direction: 'backwards' })) {
        expect(page).to.not.have.lengthOf(0);
        // Meanwhile the rest of it comes, and its end.
        for await (const other of store.readStream('thing-1')) expect(other).to.not.have.lengthOf(0);
        break;
      }
    }
    await store.headPosition();
    // It waits for every call that it holds.
    await store.close();
  });
});
