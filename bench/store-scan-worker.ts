/** Scans the whole log in a thread of its own, as a projection does. */
import { parentPort, workerData } from 'node:worker_threads';
import { openReader } from '../services/event-store/open.ts';
import type { ReaderDescription } from '../services/event-store/port.ts';

/** What it posts: that it is ready, and how many events a scan saw. It scans at each message. */
export type ScanMessage = 'ready' | { readonly seen: number };

const reader = await openReader(workerData as ReaderDescription);
const say = (message: ScanMessage): void => parentPort?.postMessage(message);

parentPort?.on('message', (message: 'scan' | 'close') => {
  void (message === 'scan' ? scan() : close());
});
say('ready');

async function scan(): Promise<void> {
  let seen = 0;
  for await (const page of reader.readAll()) seen += page.length;
  say({ seen });
}

async function close(): Promise<void> {
  await reader.close();
  parentPort?.close();
}
