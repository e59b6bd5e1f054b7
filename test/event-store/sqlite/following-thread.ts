/** Posts every message of a subscription to the whole log, and the code of the error that ends it. */
import { parentPort, workerData } from 'node:worker_threads';
import { openReader } from '../../../services/event-store/open.ts';
import { EventStoreError, type ReaderDescription } from '../../../services/event-store/port.ts';

const reader = await openReader(workerData as ReaderDescription);
// The reader itself keeps no thread alive; this does, until the subscription ends.
const alive = setInterval(() => undefined, 60_000);
try {
  for await (const message of reader.subscribeToAll({ after: 'start' })) parentPort?.postMessage(message);
} catch (error) {
  parentPort?.postMessage(error instanceof EventStoreError ? error.code : String(error));
}
clearInterval(alive);
await reader.close();
