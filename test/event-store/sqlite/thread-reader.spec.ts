import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { openReader } from '../../../services/event-store/open.ts';
import type { SubscriptionMessage } from '../../../services/event-store/port.ts';
import { newEvent, newEvents, openTestLog, type TestLog } from './open-log.ts';

describe('a thread that reads the embedded log itself', () => {
  let log: TestLog;
  beforeEach(async () => {
    log = await openTestLog();
  });
  afterEach(async () => {
    await log.remove();
  });

  it('stays responsive during a long read', async () => {
    for (let at = 0; at < 5; at += 1) {
      await log.store.append('environment-1', newEvents(1_500), { expectedRevision: at === 0 ? 'no-stream' : at * 1_500 - 1 });
    }
    const reader = await openReader(log.store.readerSource().description);
    const controller = new AbortController();
    const reason = new Error('stop');
    setImmediate(() => controller.abort(reason));
    let seen = 0;
    let outcome: unknown;
    try {
      for await (const page of reader.readAll({ signal: controller.signal })) seen += page.length;
    } catch (error) {
      outcome = error;
    }
    expect(outcome).to.equal(reason);
    expect(seen).to.be.lessThan(7_500);
    await reader.close();
  });

  it('follows what the store’s thread appends, and ends when the store closes', async () => {
    const { description, transfer } = log.store.readerSource();
    const worker = new Worker(new URL('./following-thread.ts', import.meta.url), { workerData: description, transferList: [...transfer] });
    const seen: string[] = [];
    worker.on('message', (message: SubscriptionMessage | string) => {
      if (typeof message === 'string') seen.push(message);
      else if (message.kind === 'events') seen.push(...message.events.map((event) => event.type));
      else seen.push(message.kind);
    });
    await once(worker, 'message');
    const seesFirst = once(worker, 'message');
    await log.store.append('environment-1', [newEvent('First')], { expectedRevision: 'no-stream' });
    await seesFirst;
    const seesSecond = once(worker, 'message');
    await log.store.append('environment-1', [newEvent('Second')], { expectedRevision: 0 });
    await seesSecond;
    const ended = once(worker, 'exit');
    await log.store.close();
    await ended;
    expect(seen).to.deep.equal(['caught-up', 'First', 'Second', 'event-store-unavailable']);
  });
});
