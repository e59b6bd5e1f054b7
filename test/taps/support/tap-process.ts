/** A process with a store and a tap, that records events until the log has so many, and says how many it has. It is made to be killed. */
import pino from 'pino';
import { openEventStore } from '../../../services/event-store/open.ts';
import { createTapCheckpoints } from '../../../services/control-plane/tap-checkpoints.ts';
import { startNatsTap } from '../../../services/taps/nats-tap.ts';
import { appendPolls } from './logged.ts';

const [dataDirectory = '', url = '', total = '0'] = process.argv.slice(2);
const perRound = 250;
/** Small appends, one after the other: the log grows at the pace of the disk, so that a kill comes in the middle. */
const perAppend = 5;

const store = await openEventStore({ dataDirectory });
const tap = startNatsTap({
  eventStore: store,
  nats: { url },
  source: 'urn:homeport:test',
  includesPolls: true,
  checkpoints: createTapCheckpoints(dataDirectory),
  logger: pino({ level: 'silent' }),
});
process.once('SIGTERM', () => void tap.close().then(() => store.close()));

let logged = 0;
for await (const page of store.readAll()) logged += page.length;
process.stdout.write(`logged ${logged}\n`);
while (logged < Number(total)) {
  await appendPolls(store, `polls-cp1_${logged % 4}`, perRound, perAppend);
  logged += perRound;
  process.stdout.write(`logged ${logged}\n`);
}
process.stdout.write('complete\n');
