/** The EventStoreDB adapter passes the conformance suite over real gRPC and TLS against the audit front, which here takes writes. */
import { expect } from 'chai';
import { openEventStoreDb } from '../../services/event-store/eventstoredb/event-store.ts';
import { describeEventStore } from '../conformance/event-store.ts';
import { startFront } from './support/front-under-test.ts';

describeEventStore('the EventStoreDB adapter over the audit front', async () => {
  const front = await startFront({ mayWrite: true });
  const store = await openEventStoreDb({ connectionString: front.connectionString });
  return {
    store,
    dispose: async () => {
      await store.close();
      await front.close();
      expect(front.failures).to.deep.equal([]);
    },
  };
});
