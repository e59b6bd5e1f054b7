/** An export from a thread of its own, chunk by chunk as it is asked for. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { EventStoreError, type EventStoreDbReaderDescription, type EventStoreErrorCode } from '../event-store/port.ts';
import type { ExportFilter } from './export-filter.ts';

/** What is exported: the embedded log in a data directory, or what an EventStoreDB holds. */
export type ExportedStore = { readonly dataDirectory: string } | EventStoreDbReaderDescription;

/** How the thread is started (workerData). */
export interface ExportOrder {
  readonly store: ExportedStore;
  readonly filter: ExportFilter;
  readonly at: string;
}

/** What it answers when it is asked for the next chunk. */
export type ExportNews =
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }
  | { readonly kind: 'failed'; readonly message: string; readonly code: string | undefined };

const workerUrl = new URL(import.meta.url.endsWith('.ts') ? './export-worker.ts' : './export-worker.js', import.meta.url);

/** The bytes of an export. Throws what reading the store throws, and the signal's reason. */
export async function* exportInThread(order: ExportOrder, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  const worker = new Worker(workerUrl, { name: 'export', workerData: order });
  try {
    for (;;) {
      worker.postMessage('next');
      const [news] = (await once(worker, 'message', { signal })) as [ExportNews];
      if (news.kind === 'end') return;
      if (news.kind === 'failed') throw failure(news);
      yield news.bytes;
    }
  } finally {
    await worker.terminate();
  }
}

function failure({ message, code }: { readonly message: string; readonly code: string | undefined }): Error {
  return code === undefined ? new Error(message) : new EventStoreError(code as EventStoreErrorCode, message);
}
