/** The reading half in another thread of the process: that thread, made for SQL, runs it itself. */
import type { EventReader, SqliteReaderDescription } from '../port.ts';
import { createLocalReader } from './local-reader.ts';
import { openForReading } from './schema.ts';

/** Opens the log for reading. Throws EventStoreError `event-store-unavailable` or `event-store-corrupt`. */
export function openThreadReader({ file, heads: port }: SqliteReaderDescription): EventReader {
  const { reader, heads, end } = createLocalReader(openForReading(file), () => port.close());
  port.on('message', (head: number) => heads.advance(head));
  port.on('close', () => end('The event store has ended.'));
  // Waiting for news keeps no thread alive that has nothing else to do.
  port.unref();
  return reader;
}
