/** What the suite is given, and how its tests name streams, make events and collect what they read. */
import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { EventStoreError, type EventStore, type EventStoreErrorCode, type NewEvent, type RecordedEvent } from '../../../services/event-store/port.ts';

export interface StoreUnderTest {
  readonly store: EventStore;
  /** Closes the store and removes what the test made. */
  dispose(): Promise<void>;
}

/** The store, once it is open. */
export type GetStore = () => EventStore;

/** A category of its own for each test, so that tests share a store without meeting. */
export function newCategory(): string {
  return `conformance${randomUUID().replaceAll('-', '')}`;
}

export function newStream(): string {
  return `${newCategory()}-1`;
}

export function newEvent(data: unknown = { made: 'for a test' }, type = 'ThingHappened'): NewEvent {
  return { id: randomUUID(), type, data: JSON.stringify(data), metadata: JSON.stringify({ actor: 'test' }) };
}

/** So many events whose data is their number. */
export function newEvents(count: number, type?: string): NewEvent[] {
  return Array.from({ length: count }, (_, number) => newEvent({ number }, type));
}

/** All events of a read; also checks that no page is empty. */
export async function collect(pages: AsyncIterable<readonly RecordedEvent[]>): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for await (const page of pages) {
    expect(page).to.not.have.lengthOf(0);
    events.push(...page);
  }
  return events;
}

export function idsOf(events: readonly { readonly id: string }[]): string[] {
  return events.map((event) => event.id);
}

export function revisionsOf(events: readonly RecordedEvent[]): number[] {
  return events.map((event) => event.revision);
}

/** Waits for the refusal and answers it. */
export async function refused(attempt: Promise<unknown>, code: EventStoreErrorCode): Promise<EventStoreError> {
  let outcome: unknown;
  try {
    outcome = await attempt;
  } catch (error) {
    expect(error).to.be.instanceOf(EventStoreError);
    const refusal = error as EventStoreError;
    expect(refusal.code, refusal.message).to.equal(code);
    return refusal;
  }
  throw new Error(`Expected ${code}, but got ${JSON.stringify(outcome)}.`);
}

/** What is in the log of all streams after a position, of streams with this prefix. */
export async function loggedAfter(store: EventStore, position: string, prefix: string): Promise<RecordedEvent[]> {
  const events = await collect(store.readAll({ from: position }));
  return events.filter((event) => event.stream.startsWith(prefix) && event.position !== position);
}

/** Appends one event to a stream of no interest: a place in the log to read on from. */
export async function markPlace(store: EventStore): Promise<string> {
  const { position } = await store.append(newStream(), [newEvent()], { expectedRevision: 'no-stream' });
  return position;
}
