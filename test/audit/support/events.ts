/** Events for the front's specs, written straight into the store. */
import { randomUUID } from 'node:crypto';
import type { EventStore, NewEvent } from '../../../services/event-store/port.ts';

export function newEvent(type = 'ThingHappened', data: unknown = {}): NewEvent {
  return { id: randomUUID(), type, data: JSON.stringify(data), metadata: JSON.stringify({ actor: 'test' }) };
}

/** Appends so many numbered events to the end of a stream. */
export async function fill(store: EventStore, stream: string, count: number, type?: string, padding = ''): Promise<void> {
  // An append has at most 1 MiB.
  const together = Math.max(1, Math.min(500, Math.floor(800_000 / (padding.length + 100))));
  for (let written = 0; written < count; written += together) {
    const events = Array.from({ length: Math.min(together, count - written) }, (_, index) => newEvent(type, { number: written + index, padding }));
    await store.append(stream, events, { expectedRevision: 'any' });
  }
}
