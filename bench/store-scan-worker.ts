/** Scans the whole log in a thread of its own, as a projection does. */
import { parentPort, workerData } from 'node:worker_threads';
import { openReader } from '../services/event-store/open.ts';
import type { ReaderDescription } from '../services/event-store/port.ts';

export interface ScanResult {
  readonly seen: number;
}

const reader = openReader(workerData as ReaderDescription);
let seen = 0;
for await (const page of reader.readAll()) seen += page.length;
await reader.close();
parentPort?.postMessage({ seen } satisfies ScanResult);
