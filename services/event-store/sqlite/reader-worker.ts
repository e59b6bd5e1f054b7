/** A reading thread: answers one page at a time, so that no reader waits for another's whole read. */
import type { DatabaseSync } from 'node:sqlite';
import { parentPort, type MessagePort } from 'node:worker_threads';
import { EventStoreError } from '../port.ts';
import { createLogReader, type LogReader } from './log-reader.ts';
import { flattenEvents, type FromReader, type ToReader } from './reader-protocol.ts';
import { openForReading } from './schema.ts';
import { toEventStoreError } from './sqlite-errors.ts';
import { flattenError } from './writer-protocol.ts';

function run(port: MessagePort): void {
  const say = (message: FromReader): void => port.postMessage(message);
  let database: DatabaseSync | undefined;
  let reader: LogReader | undefined;

  const open = (file: string): FromReader => {
    try {
      database = openForReading(file);
      reader = createLogReader(database, Date.now);
      return { kind: 'ready' };
    } catch (error) {
      return { kind: 'unopened', error: flattenError(toEventStoreError(error, `The event log ${file} can't be opened`)) };
    }
  };

  const answer = (message: Exclude<ToReader, { kind: 'open' | 'close' }>, from: LogReader): FromReader => {
    const { ticket } = message;
    switch (message.kind) {
      case 'all': {
        const { events, next } = from.allPage(message.query);
        return { kind: 'page', ticket, flat: flattenEvents(events), next, lastRevision: undefined };
      }
      case 'stream': {
        const { events, next, lastRevision } = from.streamPage(message.query);
        return { kind: 'page', ticket, flat: flattenEvents(events), next, lastRevision };
      }
      case 'metadata':
        return { kind: 'metadata', ticket, result: from.streamMetadata(message.stream) };
      case 'position-before':
        return { kind: 'position', ticket, position: from.positionBefore(message.instantMs) };
    }
  };

  port.on('message', (message: ToReader) => {
    if (message.kind === 'open') {
      say(open(message.file));
    } else if (message.kind === 'close') {
      database?.close();
      port.close();
    } else {
      try {
        if (reader === undefined) throw new EventStoreError('event-store-unavailable', 'The log is not open.');
        say(answer(message, reader));
      } catch (error) {
        say({ kind: 'failed', ticket: message.ticket, error: flattenError(toEventStoreError(error, 'The read failed')) });
      }
    }
  });
}

if (parentPort !== null) run(parentPort);
