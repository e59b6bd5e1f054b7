/** The thread of one export: it reads the log and writes its lines, so that the thread with the sockets does neither. */
import { parentPort, workerData } from 'node:worker_threads';
import { openLogArchive, openReader } from '../event-store/open.ts';
import { archiveSource, type ExportSource, readerSource, writeExport } from './write-export.ts';
import type { ExportNews, ExportOrder } from './export-thread.ts';

const { store, filter, at } = workerData as ExportOrder;
const tell = (news: ExportNews, transfer: readonly ArrayBuffer[] = []): void => parentPort?.postMessage(news, transfer);

async function open(): Promise<{ readonly source: ExportSource; close(): void | Promise<void> }> {
  if ('dataDirectory' in store) {
    const archive = openLogArchive(store.dataDirectory);
    return { source: archiveSource(archive), close: archive.close };
  }
  const reader = await openReader(store);
  return { source: await readerSource(reader), close: () => reader.close() };
}

let opened: Awaited<ReturnType<typeof open>> | undefined;
let chunks: AsyncIterator<Buffer> | undefined;

/** Asked for by each message. */
async function next(): Promise<void> {
  opened ??= await open();
  chunks ??= writeExport(opened.source, { filter, at })[Symbol.asyncIterator]();
  const chunk = await chunks.next();
  if (chunk.done === true) return tell({ kind: 'end' });
  const bytes = new Uint8Array(chunk.value);
  tell({ kind: 'chunk', bytes }, [bytes.buffer]);
}

parentPort?.on('message', () => {
  next().catch((error: unknown) => {
    const { message, code } = error instanceof Error ? (error as Error & { readonly code?: unknown }) : { message: String(error), code: undefined };
    tell({ kind: 'failed', message, code: typeof code === 'string' ? code : undefined });
  });
});
