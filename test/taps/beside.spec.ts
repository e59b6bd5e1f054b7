/** Two processes fill one stream, as where several control planes share a store: each event is in it once and in order, whichever of them dies. */
import { expect } from 'chai';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openServerEventStore, type OpenedEventStore } from '../../services/event-store/open.ts';
import { startProcess, type RunningProcess } from '../support/child-process.ts';
import { eventually } from '../support/eventually.ts';
import { requireRealParts } from '../support/real-parts.ts';
import { startStoreProcess, type StoreProcess } from '../support/store-process.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { ensureForgetfulStream } from './support/forgetful-stream.ts';
import { appendPolls, loggedEvents } from './support/logged.ts';
import { createNatsServer, type NatsServer } from './support/nats-server.ts';
import { storedMessages } from './support/stored-messages.ts';

describe('the NATS tap, in two processes at once', () => {
  let folder: TemporaryFolder;
  let server: NatsServer;
  let elsewhere: StoreProcess;
  let store: OpenedEventStore;
  const taps: RunningProcess[] = [];

  before(async function () {
    requireRealParts(this, 'nats-server');
    folder = createTemporaryFolder();
    server = await createNatsServer(folder.path);
    await server.start();
    await ensureForgetfulStream(server);
    elsewhere = await startStoreProcess();
    store = await openServerEventStore(elsewhere.connectionString);
  });
  after(async () => {
    for (const tap of taps) await tap.stop('SIGKILL');
    await store.close();
    await elsewhere.remove();
    await server.stop();
    folder.remove();
  });

  function start(name: string): RunningProcess {
    const own = path.join(folder.path, name);
    mkdirSync(own);
    const tap = startProcess(process.execPath, [fileURLToPath(new URL('./support/beside-process.ts', import.meta.url)), elsewhere.connectionString, server.url, own]);
    taps.push(tap);
    return tap;
  }

  const publishedBy = (tap: RunningProcess): number => Number([...tap.stdout().matchAll(/published (\d+)/g)].at(-1)?.[1] ?? 0);

  async function holdsTheLog(): Promise<void> {
    const events = await loggedEvents(store);
    const nats = await server.connect();
    const manager = await nats.jetstreamManager();
    await eventually('the stream to hold the log', async () => ((await manager.streams.info('HOMEPORT_EVENTS')).state.last_seq >= events.length ? true : undefined), 30_000);
    const messages = await storedMessages(nats);
    await nats.close();
    expect(messages.map(({ id }) => id)).to.deep.equal(events.map(({ id }) => id));
  }

  it('one publishes while both could, and when it is killed in the midst of it the other goes on', async () => {
    const [one, other] = [start('one'), start('other')];
    await Promise.all([one, other].map((tap) => tap.waitFor(/published/)));
    await Promise.all([0, 1, 2, 3].map((shard) => appendPolls(store, `polls-cp1_${shard}`, 500)));
    await holdsTheLog();
    const publishing = publishedBy(one) >= publishedBy(other) ? one : other;
    const remaining = publishing === one ? other : one;
    const before = publishedBy(remaining);
    const appending = Promise.all([0, 1, 2, 3].map((shard) => appendPolls(store, `polls-cp1_${shard}`, 1_000)));
    await publishing.stop('SIGKILL');
    await appending;
    await holdsTheLog();
    await eventually('the other to say so', () => (publishedBy(remaining) > before ? true : undefined));
  });
});
