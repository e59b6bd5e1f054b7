/** An event as NATS subscribers get it: its subject, and a CloudEvents 1.0 object in JSON. */
import type { RecordedEvent } from '../event-store/port.ts';

/** Subjects begin so. */
export const subjectPrefix = 'homeport.events';

/** A message to publish. */
export interface TapMessage {
  readonly subject: string;
  /** The event's id, which is also its `Nats-Msg-Id`. */
  readonly id: string;
  /** The event's place in the log. */
  readonly position: string;
  readonly body: string;
}

/** Metadata as the application writes it. */
interface EventMetadata {
  readonly $correlationId?: string;
  readonly $causationId?: string;
  readonly actor?: string;
  readonly schemaVersion?: number;
  readonly recordedAt?: string;
}

/**
 * Makes the message of an event. `data` is passed on as it was recorded. A body over `mostBytes` is sent without `data`; `dataref`
 * then says where REST shows the event.
 */
export function toTapMessage(event: RecordedEvent, source: string, mostBytes: number): TapMessage {
  const data = JSON.parse(event.data) as { readonly at?: string; readonly environmentId?: unknown };
  const metadata = JSON.parse(event.metadata) as EventMetadata;
  const envelope = {
    specversion: '1.0',
    id: event.id,
    source,
    type: `io.homeport.${event.type}.v${metadata.schemaVersion ?? 1}`,
    subject: event.stream,
    time: data.at ?? metadata.recordedAt,
    datacontenttype: 'application/json',
    streamrevision: String(event.revision),
    globalposition: event.position,
    ...(metadata.actor === undefined ? {} : { actor: metadata.actor }),
    ...(metadata.$correlationId === undefined ? {} : { correlationid: metadata.$correlationId }),
    ...(metadata.$causationId === undefined ? {} : { causationid: metadata.$causationId }),
  };
  const head = JSON.stringify(envelope).slice(0, -1);
  const whole = `${head},"data":${event.data}}`;
  const reference = `/api/v1/events?stream=${encodeURIComponent(event.stream)}`;
  const body = Buffer.byteLength(whole) <= mostBytes ? whole : `${head},"dataref":${JSON.stringify(reference)}}`;
  return { id: event.id, position: event.position, subject: subjectOf(event, data.environmentId), body };
}

/** `homeport.events.<category>.<EventType>.<environment id, or _ where none>`. */
function subjectOf({ stream, type }: RecordedEvent, environmentId: unknown): string {
  const [category = stream] = stream.split('-', 1);
  const environment = typeof environmentId === 'string' && /^[a-z0-9]+$/.test(environmentId) ? environmentId : '_';
  return `${subjectPrefix}.${token(category)}.${token(type)}.${environment}`;
}

/** Our own names are tokens as they are; what others wrote into the store may not be. */
function token(name: string): string {
  return name.replace(/[^A-Za-z0-9_]/g, '_');
}

/** The place in the log that a published body was made of. Throws where it is none of ours. */
export function positionIn(body: string): string {
  const { globalposition } = JSON.parse(body) as { readonly globalposition?: unknown };
  if (typeof globalposition !== 'string') throw new Error('the stream\'s last message is none of Homeport\'s');
  return globalposition;
}
