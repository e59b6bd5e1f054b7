/** A process with a tap alone, beside others: it follows a store elsewhere, and says how many messages it has published. It is made to be killed. */
import pino from 'pino';
import { openServerEventStore } from '../../../services/event-store/open.ts';
import { createTapCheckpoints } from '../../../services/control-plane/tap-checkpoints.ts';
import { startNatsTap } from '../../../services/taps/nats-tap.ts';

const [connectionString = '', url = '', folder = ''] = process.argv.slice(2);
const store = await openServerEventStore(connectionString);
const tap = startNatsTap({
  eventStore: store,
  nats: { url },
  source: 'urn:homeport:test',
  includesPolls: true,
  checkpoints: createTapCheckpoints(folder),
  logger: pino({ level: 'silent' }),
});
let said = -1;
const saying = setInterval(() => {
  const { published } = tap.state();
  if (published !== said) process.stdout.write(`published ${published}\n`);
  said = published;
}, 20);
process.once('SIGTERM', () => {
  clearInterval(saying);
  void tap.close().then(() => store.close());
});
