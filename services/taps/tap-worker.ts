/** The tap's thread: it reads the log and speaks NATS, so that the thread with the sockets does neither. */
import { parentPort, workerData } from 'node:worker_threads';
import { openReader } from '../event-store/open.ts';
import { readNatsSettings } from './nats-connection.ts';
import { runTap } from './tap.ts';
import type { TapData, TapThreadNews } from './thread-messages.ts';

const { reader: description, nats, source, includesPolls, checkpoint } = workerData as TapData;
const stopping = new AbortController();
const tell = (news: TapThreadNews): void => parentPort?.postMessage(news);

parentPort?.once('message', () => stopping.abort());

try {
  const reader = await openReader(description);
  try {
    await runTap({ reader, connect: readNatsSettings(nats), source, includesPolls, checkpoint, signal: stopping.signal, tell });
  } finally {
    await reader.close();
  }
} catch (error) {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  tell({ kind: 'failed', message, stack });
}
parentPort?.close();
