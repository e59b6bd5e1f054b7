/** Tells when events were recorded, as a clock that never goes back. */
import { isEventType } from '../services/domain/event-codec.ts';
import type { RecordedEvent } from '../services/event-store/port.ts';

/** In the metadata as the application writes it; inside of a JSON string its quotes would be escaped. */
const marker = '"recordedAt":"';
const instantLength = '2026-01-31T12:00:00.000Z'.length;

/** When an event says that it was recorded, in milliseconds since 1970; by the store's clock where it does not say. */
export function recordedAtMsOf({ metadata, createdAtMs }: Pick<RecordedEvent, 'metadata' | 'createdAtMs'>): number {
  const found = metadata.lastIndexOf(marker);
  if (found === -1) return createdAtMs;
  const recordedAtMs = Date.parse(metadata.slice(found + marker.length, found + marker.length + instantLength));
  return Number.isNaN(recordedAtMs) ? createdAtMs : recordedAtMs;
}

/** Creates the clock from where it stood: fed with each event in log order, it gives the newest `recordedAt` so far, in milliseconds since 1970. */
export function createRecordedClock(startMs: number): (event: RecordedEvent) => number {
  let newestMs = startMs;
  let lastText = '';

  return ({ type, metadata, createdAtMs }) => {
    // What other programs write into the store does not set our time.
    if (!isEventType(type)) return newestMs;
    const found = metadata.lastIndexOf(marker);
    const at = found + marker.length;
    if (found !== -1 && lastText !== '' && metadata.startsWith(lastText, at)) return newestMs;
    lastText = found === -1 ? '' : metadata.slice(at, at + instantLength);
    const recordedAtMs = Date.parse(lastText);
    newestMs = Math.max(newestMs, Number.isNaN(recordedAtMs) ? createdAtMs : recordedAtMs);
    return newestMs;
  };
}
