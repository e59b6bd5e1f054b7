/** A reading thread: answers one page at a time, so that no reader waits for another's whole read. */
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { createLogReader } from './log-reader.ts';
import { flattenEvents, type FromReader, type ToReader } from './reader-protocol.ts';
import { openForReading } from './schema.ts';
import { toEventStoreError } from './sqlite-errors.ts';
import { flattenError } from './writer-protocol.ts';

function run(port: MessagePort, file: string): void {
  const say = (message: FromReader): void => port.postMessage(message);
  let opened;
  try {
    const database = openForReading(file);
    opened = { database, reader: createLogReader(database, Date.now) };
  } catch (error) {
    say({ kind: 'unopened', error: flattenError(toEventStoreError(error, `The event log ${file} can't be opened`)) });
    return;
  }
  const { database, reader } = opened;

  const answer = (message: Exclude<ToReader, { kind: 'close' }>): FromReader => {
    const { ticket } = message;
    switch (message.kind) {
      case 'all': {
        const { events, next } = reader.allPage(message.query);
        return { kind: 'page', ticket, flat: flattenEvents(events), next, lastRevision: undefined };
      }
      case 'stream': {
        const { events, next, lastRevision } = reader.streamPage(message.query);
        return { kind: 'page', ticket, flat: flattenEvents(events), next, lastRevision };
      }
      case 'metadata':
        return { kind: 'metadata', ticket, result: reader.streamMetadata(message.stream) };
    }
  };

  port.on('message', (message: ToReader) => {
    if (message.kind === 'close') {
      database.close();
      port.close();
      return;
    }
    try {
      say(answer(message));
    } catch (error) {
      say({ kind: 'failed', ticket: message.ticket, error: flattenError(toEventStoreError(error, 'The read failed')) });
    }
  });
  say({ kind: 'ready' });
}

if (parentPort !== null) run(parentPort, (workerData as { file: string }).file);
