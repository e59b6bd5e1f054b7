/** The writer's thread: the only one that changes the log. */
import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import { EventStoreError } from '../port.ts';
import { createGroupCommit } from './group-commit.ts';
import { createLogWriter } from './log-writer.ts';
import { createRetention } from './retention.ts';
import { openForWriting } from './schema.ts';
import { toEventStoreError } from './sqlite-errors.ts';
import {
  flattenError,
  unflattenOperations,
  type FlatFailure,
  type FromWriter,
  type TicketedOperation,
  type ToWriter,
  type WriterOptions,
} from './writer-protocol.ts';

function run(port: MessagePort, options: WriterOptions): void {
  const say = (message: FromWriter): void => port.postMessage(message);
  let opened;
  try {
    const database = openForWriting(options.file, options.maxPages === undefined ? {} : { maxPages: options.maxPages });
    opened = { database, writer: createLogWriter(database, { expiringCategories: options.expiringCategories, now: Date.now }) };
  } catch (error) {
    say({ kind: 'unopened', error: flattenError(toEventStoreError(error, `The event log ${options.file} can't be opened`)) });
    return;
  }
  const { database, writer } = opened;
  const announcements = new Set<MessagePort>();

  const groupCommit = createGroupCommit<TicketedOperation>({
    drain: () => {
      for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) receive(next.message as ToWriter);
    },
    commit: (operations) => {
      const headBefore = writer.head;
      const outcomes = writer.commit(operations);
      const results: number[] = [];
      const failures: FlatFailure[] = [];
      for (const [index, { ticket }] of operations.entries()) {
        const outcome = outcomes[index];
        if (outcome instanceof EventStoreError) failures.push({ ticket, error: flattenError(outcome) });
        else if (outcome !== undefined) results.push(ticket, outcome.revision, outcome.position);
      }
      say({ kind: 'settled', results, failures, head: writer.head });
      if (writer.head > headBefore) for (const announcement of announcements) announcement.postMessage(writer.head);
    },
    weigh: (operation) => operation.events.length,
    maxGroupWeight: options.maxGroupEvents,
    nowMs: () => performance.now(),
  });

  const retention = createRetention(database, { heads: writer.heads, now: Date.now });

  const measure = (ticket: number): void => {
    try {
      say({ kind: 'measured', ticket, sizes: retention.measure() });
    } catch (error) {
      say({ kind: 'request-failed', ticket, error: flattenError(toEventStoreError(error, 'The log could not be measured')) });
    }
  };

  const receive = (message: ToWriter): void => {
    switch (message.kind) {
      case 'operations':
        for (const operation of unflattenOperations(message.flat)) groupCommit.add(operation, operation.windowMs);
        return;
      case 'announce':
        announcements.add(message.port);
        message.port.on('close', () => announcements.delete(message.port));
        message.port.unref();
        message.port.postMessage(writer.head);
        return;
      case 'chain-head':
        say({ kind: 'chain-head', ticket: message.ticket, head: writer.chainHead });
        return;
      case 'expire':
      case 'scavenge': {
        const { ticket } = message;
        const removal = message.kind === 'expire' ? retention.expire(message.request) : retention.scavenge();
        removal.then(
          (result) => say({ kind: 'removed', ticket, result }),
          (error: unknown) => say({ kind: 'request-failed', ticket, error: flattenError(toEventStoreError(error, 'The removal failed')) }),
        );
        return;
      }
      case 'measure':
        measure(message.ticket);
        return;
      case 'close':
        // Not here: a commit under way may be what took this message.
        setImmediate(close);
        return;
    }
  };

  const close = (): void => {
    retention.stop();
    groupCommit.flush();
    for (const announcement of announcements) announcement.close();
    database.close();
    port.close();
  };

  port.on('message', receive);
  say({ kind: 'ready', head: writer.head });
}

if (parentPort !== null) run(parentPort, workerData as WriterOptions);
