/** The EventStoreDB adapter passes the conformance suite against the server that EVENTSTORE_URL names. */
import { openEventStoreDb } from '../../../services/event-store/eventstoredb/event-store.ts';
import { describeEventStore } from '../../conformance/event-store.ts';

const url = process.env['EVENTSTORE_URL'];

if (url === undefined || url === '') {
  it.skip('event store: a real EventStoreDB (EVENTSTORE_URL names none)');
} else {
  describeEventStore('a real EventStoreDB', async () => {
    const store = await openEventStoreDb({ connectionString: url });
    return { store, dispose: () => store.close() };
  });
}
