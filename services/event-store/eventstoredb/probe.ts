/** Asks the server for the newest event of all: the least that shows it works. */
import { readRequest } from './read-request.ts';
import { responsePages } from './response-pages.ts';
import type { ServerConnection } from './server-connection.ts';

/** Within so many milliseconds it must answer. */
const silenceMs = 2_000;

/** Rejects where it doesn't. */
export async function isAnswering(connection: ServerConnection): Promise<void> {
  const call = await connection.beginRead(readRequest({ from: 'end' }, { direction: 'backwards', limit: 1 }));
  for await (const answers of responsePages(call, { silenceMs, signal: undefined })) if (answers.length > 0) return;
}
