/** Asks the server for the newest event of a stream, or of all: the least that shows it works, and where "from now on" begins. */
import type { RecordedEvent } from '../port.ts';
import { readRequest, type ReadSource } from './read-request.ts';
import { toRecordedEvent } from './recorded-event.ts';
import { responsePages } from './response-pages.ts';
import type { ServerConnection } from './server-connection.ts';

/** Undefined where there is none. Rejects where the server is silent for `silenceMs`, or fails. */
export async function newestEvent(connection: ServerConnection, source: ReadSource, silenceMs: number): Promise<RecordedEvent | undefined> {
  const call = await connection.beginRead(readRequest(source, { direction: 'backwards', limit: 1 }));
  for await (const answers of responsePages(call, { silenceMs, signal: undefined })) {
    for (const answer of answers) {
      const sent = answer.getEvent()?.getEvent();
      if (sent !== undefined) return toRecordedEvent(sent);
    }
  }
  return undefined;
}
