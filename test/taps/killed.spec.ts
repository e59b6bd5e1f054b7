/** Every event is in the stream once and in order, whichever of the two processes is killed in between, and however often. */
import { expect } from 'chai';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openEventStore } from '../../services/event-store/open.ts';
import { startProcess, type RunningProcess } from '../support/child-process.ts';
import { eventually } from '../support/eventually.ts';
import { requireRealParts } from '../support/real-parts.ts';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import { ensureForgetfulStream } from './support/forgetful-stream.ts';
import { loggedEvents } from './support/logged.ts';
import { createNatsServer, type NatsServer } from './support/nats-server.ts';
import { storedMessages } from './support/stored-messages.ts';

const isLong = process.env['HOMEPORT_TEST_LONG'] === '1';
const total = isLong ? 200_000 : 20_000;
const kills: readonly ('homeport' | 'nats')[] = ['homeport', 'nats', 'homeport', 'homeport', 'nats', 'homeport', 'nats', 'homeport'];

describe('the NATS tap, when processes are killed', () => {
  let folder: TemporaryFolder;
  let server: NatsServer;
  let homeport: RunningProcess;

  before(async function () {
    requireRealParts(this, 'nats-server');
    folder = createTemporaryFolder();
    server = await createNatsServer(folder.path);
  });
  after(async () => {
    await homeport.stop('SIGKILL');
    await server.stop();
    folder.remove();
  });

  const dataDirectory = () => path.join(folder.path, 'data');
  const start = () => startProcess(process.execPath, [fileURLToPath(new URL('./support/tap-process.ts', import.meta.url)), dataDirectory(), server.url, String(total)]);

  it(`holds ${total.toLocaleString('en')} events once and in order after kill -9 of Homeport five times and of nats-server three times`, async function () {
    this.timeout(isLong ? 600_000 : 120_000);
    await server.start();
    // Whatever is published again after a kill is not kept out by its id, as after an outage of an hour.
    await ensureForgetfulStream(server);
    homeport = start();
    for (const [index, victim] of kills.entries()) {
      const mark = Math.round((total * (index + 1)) / (kills.length + 2));
      await eventually(`${mark} events in the log`, () => (loggedBy(homeport) >= mark ? true : undefined), 120_000);
      if (victim === 'nats') {
        await server.kill();
        await server.start();
      } else {
        await homeport.stop('SIGKILL');
        homeport = start();
      }
    }
    await homeport.waitFor(/complete/, 120_000);
    // A process that was killed may have left the log somewhat further on than it said, so it ends somewhat above the total.
    const logged = loggedBy(homeport);
    const nats = await server.connect();
    const manager = await nats.jetstreamManager();
    await eventually('the stream to hold every event', async () => ((await manager.streams.info('HOMEPORT_EVENTS')).state.last_seq >= logged ? true : undefined), 120_000);
    await homeport.stop();
    const messages = await storedMessages(nats);
    await nats.close();
    const store = await openEventStore({ dataDirectory: dataDirectory() });
    const events = await loggedEvents(store);
    await store.close();
    expect(events.length).to.equal(logged);
    expect(messages.length).to.equal(events.length);
    expect(messages.map(({ id }) => id)).to.deep.equal(events.map(({ id }) => id));
  });
});

/** How many events the process last said the log has. */
function loggedBy(process: RunningProcess): number {
  return Number([...process.stdout().matchAll(/logged (\d+)/g)].at(-1)?.[1] ?? 0);
}
