/** What every adapter refuses before it writes: appends that are too large, or malformed. */
import { EventStoreError, type NewEvent } from './port.ts';

/** At most so many bytes of data and metadata (UTF-8) in one append. */
export const maxAppendBytes = 1024 * 1024;

/** At most so many characters in a stream's name, and in an event type. */
export const maxNameLength = 256;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Checks an append before it is sent anywhere, and answers its size: the bytes of its data and metadata.
 * Throws {@link EventStoreError} `append-too-large` over a bound; TypeError where the caller's code is wrong (no events, an id that is no UUID).
 */
export function checkAppend(stream: string, events: readonly NewEvent[]): number {
  if (stream === '' || stream === '$$') throw new TypeError('A stream needs a name.');
  if (events.length === 0) throw new TypeError('An append needs at least one event.');
  if (stream.length > maxNameLength) {
    throw new EventStoreError('append-too-large', `The stream's name has more than ${maxNameLength} characters.`, { stream });
  }
  let bytes = 0;
  for (const event of events) {
    if (!uuid.test(event.id)) throw new TypeError(`An event's id must be a UUID in lower-case text, not "${event.id}".`);
    if (event.type === '') throw new TypeError('An event needs a type.');
    if (event.type.length > maxNameLength) {
      throw new EventStoreError('append-too-large', `The event type has more than ${maxNameLength} characters.`, { stream });
    }
    bytes += Buffer.byteLength(event.data) + Buffer.byteLength(event.metadata);
  }
  if (bytes > maxAppendBytes) {
    throw new EventStoreError('append-too-large', `The append has ${bytes} bytes; at most ${maxAppendBytes} are taken.`, { stream });
  }
  return bytes;
}
