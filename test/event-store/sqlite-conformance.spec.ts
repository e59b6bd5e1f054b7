/** The embedded store passes the conformance suite: as the thread that holds it reads, and as another thread does. */
import { openEventStore, openReader } from '../../services/event-store/open.ts';
import { describeEventStore } from '../conformance/event-store.ts';
import { makeTemporaryDirectory } from './temporary-directory.ts';

describeEventStore('embedded', async () => {
  const directory = makeTemporaryDirectory();
  const store = await openEventStore({ dataDirectory: directory.path });
  return {
    store,
    dispose: async () => {
      await store.close();
      directory.remove();
    },
  };
});

describeEventStore('embedded, read by a thread of its own', async () => {
  const directory = makeTemporaryDirectory();
  const store = await openEventStore({ dataDirectory: directory.path });
  const reader = await openReader(store.readerSource().description);
  return {
    store: { ...store, ...reader },
    dispose: async () => {
      await reader.close();
      await store.close();
      directory.remove();
    },
  };
});
