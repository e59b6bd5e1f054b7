/** Whether the server works: it is asked for the newest event of all. */
import { readRequest } from './read-request.ts';
import { responsePages } from './response-pages.ts';
import type { ServerConnection } from './server-connection.ts';

/** Within so many milliseconds it must answer. */
const silenceMs = 2_000;

/** Resolves once it has answered; rejects where it does not. */
export async function probe(connection: ServerConnection): Promise<void> {
  const call = await connection.beginRead(readRequest({ from: 'end' }, { direction: 'backwards', limit: 1 }));
  for await (const answers of responsePages(call, { silenceMs, signal: undefined })) if (answers.length > 0) return;
}
