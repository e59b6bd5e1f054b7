/** An embedded store with events such as Homeport records, and what of them the tap is to publish. */
import { randomUUID } from 'node:crypto';
import type { EventStore, RecordedEvent } from '../../../services/event-store/port.ts';

/** Appends so many polls, `perAppend` at a time, to one stream, after what is there. */
export async function appendPolls(store: EventStore, stream: string, count: number, perAppend = 50): Promise<void> {
  for (let done = 0; done < count; done += perAppend) {
    const events = Array.from({ length: Math.min(perAppend, count - done) }, (_, index) => poll(done + index));
    await store.append(stream, events, { expectedRevision: 'any' });
  }
}

function poll(sequence: number) {
  const at = new Date().toISOString();
  return {
    id: randomUUID(),
    type: 'AgentPolled',
    data: JSON.stringify({ at, environmentId: 'factory1', node: 'press', instanceId: 'a', sequence }),
    metadata: JSON.stringify({ $correlationId: randomUUID(), actor: 'agent:factory1/press', schemaVersion: 1, recordedAt: at }),
  };
}

/** Every event of the log that is no system event, in order. */
export async function loggedEvents(store: EventStore): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const page of store.readAll()) events.push(...page.filter(({ stream }) => !stream.startsWith('$')));
  return events;
}
