/**
 * The child that is killed: appends without pause and prints every acknowledged event, one line each, before it goes on.
 * Arguments: the data directory, and a name for this round's streams.
 */
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { openEventStore } from '../../../services/event-store/open.ts';

const [dataDirectory = '', round = ''] = process.argv.slice(2);
const store = await openEventStore({ dataDirectory });

async function write(stream: string, eventsPerAppend: number, windowMs: number): Promise<never> {
  for (let next = 0; ; next += eventsPerAppend) {
    const events = Array.from({ length: eventsPerAppend }, () => ({
      id: randomUUID(),
      type: 'ThingHappened',
      data: JSON.stringify({ filler: 'x'.repeat(next % 400) }),
      metadata: '{}',
    }));
    await store.append(stream, events, { expectedRevision: next === 0 ? 'no-stream' : next - 1, windowMs });
    // Straight into the pipe: what is printed survives the kill, and was acknowledged before it.
    writeSync(1, events.map(({ id }, index) => `${stream} ${next + index} ${id}\n`).join(''));
  }
}

async function expire(): Promise<never> {
  for (;;) {
    const { events } = await store.maintenance.expire({ category: 'refusals', keepEvents: 200 });
    writeSync(1, `expired ${events}\n`);
  }
}

await Promise.all([
  ...[1, 2, 3, 4].map((writer) => write(`environment-${round}${writer}`, 1, 0)),
  write(`tunnel-${round}`, 7, 0),
  write(`polls-${round}_1`, 30, 5),
  write(`polls-${round}_2`, 30, 5),
  write(`refusals-${round}`, 20, 0),
  expire(),
]);
