/** Events as the server sends them, in the port's form: the texts byte for byte. */
import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { RecordedEvent } from '../port.ts';
import { formatPosition } from './position.ts';

/** .NET counts in units of 100 ns. The server sends them since 1970. */
const ticksPerMs = 10_000n;

/** Reads one event. Throws TypeError where the server left out what every event has. */
export function toRecordedEvent(sent: ReadResp.ReadEvent.RecordedEvent): RecordedEvent {
  const id = sent.getId()?.getString();
  const stream = sent.getStreamIdentifier()?.getStreamName_asU8();
  if (id === undefined || stream === undefined) throw new TypeError('The event store sent an event without its id or stream.');
  const properties = sent.getMetadataMap();
  return {
    id,
    stream: textOf(stream),
    revision: Number(sent.getStreamRevision()),
    position: formatPosition({ commit: BigInt(sent.getCommitPosition()), prepare: BigInt(sent.getPreparePosition()) }),
    type: properties.get('type') ?? '',
    data: textOf(sent.getData_asU8()),
    metadata: textOf(sent.getCustomMetadata_asU8()),
    createdAtMs: Number(BigInt(properties.get('created') ?? '0') / ticksPerMs),
  };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
