/** The events of an append as they arrive: checked one by one, and no more kept than one append may have. */
import type shared from '@eventstore/db-client/generated/shared_pb.js';
import { status } from '@grpc/grpc-js';
import { EventStoreError, type NewEvent } from '../event-store/port.ts';
import { CallError, invalidRequest } from './call-error.ts';
import { fromWireId } from './event-id.ts';
import { maxAppendBytes, maxNameLength } from './limits.ts';

/** A proposed event, in the unary append as in the batched one. */
export interface ProposedMessage {
  getId(): shared.UUID | undefined;
  getMetadataMap(): { get(name: string): string | undefined };
  getData_asU8(): Uint8Array;
  getCustomMetadata_asU8(): Uint8Array;
}

export interface ProposedEvents {
  /** Takes one more; what is wrong with it is remembered. */
  add(message: ProposedMessage): void;
  /** Bytes of data and metadata that are kept. */
  readonly bytes: number;
  /** All of them. Throws CallError or {@link EventStoreError} `append-too-large` where one, or the whole, can't be appended. */
  take(): readonly NewEvent[];
}

const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Collects the events of one append to `stream`; `refused` is what was wrong with it before any came. */
export function createProposedEvents(stream: string, refused?: Error): ProposedEvents {
  let events: NewEvent[] = [];
  let bytes = 0;
  let problem = refused ?? problemOfName(stream);

  return {
    add(message) {
      if (problem !== undefined) return;
      bytes += message.getData_asU8().length + message.getCustomMetadata_asU8().length;
      try {
        if (bytes > maxAppendBytes) throw new EventStoreError('append-too-large', `Maximum Append Size of ${maxAppendBytes} Exceeded.`, { stream });
        events.push(toNewEvent(message));
      } catch (error) {
        problem = error instanceof Error ? error : new Error(String(error));
        events = [];
        bytes = 0;
      }
    },
    get bytes() {
      return bytes;
    },
    take() {
      if (problem !== undefined) throw problem;
      if (events.length === 0) throw invalidRequest('An append needs at least one event.');
      return events;
    },
  };
}

function problemOfName(stream: string): Error | undefined {
  if (stream === '$$') return invalidRequest('A stream needs a name.');
  return stream.length > maxNameLength ? invalidRequest(`The stream's name has more than ${maxNameLength} characters.`) : undefined;
}

function toNewEvent(message: ProposedMessage): NewEvent {
  const id = fromWireId(message.getId());
  const properties = message.getMetadataMap();
  const type = properties.get('type') ?? '';
  const contentType = properties.get('content-type') ?? '';
  if (id === undefined) throw invalidRequest('An event has no UUID as its id.');
  if (type === '' || contentType === '') {
    const missing = type === '' ? 'type' : 'content-type';
    throw new CallError(status.INVALID_ARGUMENT, `Required Metadata Property '${missing}' is missing`, {
      exception: 'missing-required-metadata-property',
      'required-metadata-properties': 'type,content-type',
    });
  }
  if (type.length > maxNameLength) throw invalidRequest(`The event type has more than ${maxNameLength} characters.`);
  if (contentType !== 'application/json') throw invalidRequest(`This store keeps events of content type application/json, not ${contentType}.`);
  const metadata = message.getCustomMetadata_asU8();
  return { id, type, data: json(message.getData_asU8(), 'data'), metadata: metadata.length === 0 ? '{}' : json(metadata, 'metadata') };
}

/** The text, byte for byte. */
function json(bytes: Uint8Array, what: string): string {
  try {
    const decoded = text.decode(bytes);
    JSON.parse(decoded);
    return decoded;
  } catch {
    throw invalidRequest(`The ${what} of an event is no JSON text, though its content type says so.`);
  }
}
