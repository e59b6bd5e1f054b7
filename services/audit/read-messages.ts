/** The messages that a Read answers with. */
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { Position, RecordedEvent } from '../event-store/port.ts';
import { toWireId, type IdForm } from './event-id.ts';
import { toWirePosition } from './position.ts';
import { toStreamIdentifier } from './stream-name.ts';

const { ReadResp } = streams;

/** One event. */
export function eventMessage(event: RecordedEvent, idForm: IdForm): streams.ReadResp {
  const { commit, prepare } = toWirePosition(event.position);
  const recorded = new ReadResp.ReadEvent.RecordedEvent()
    .setId(toWireId(event.id, idForm))
    .setStreamIdentifier(toStreamIdentifier(event.stream))
    .setStreamRevision(String(event.revision))
    .setCommitPosition(commit)
    .setPreparePosition(prepare)
    .setData(Buffer.from(event.data))
    .setCustomMetadata(Buffer.from(event.metadata));
  recorded
    .getMetadataMap()
    .set('type', event.type)
    // A tombstone has no data, and nothing is no JSON.
    .set('content-type', event.data === '' ? 'application/octet-stream' : 'application/json')
    // In units of 100 ns since 1970: more than a JavaScript number holds.
    .set('created', `${Math.trunc(event.createdAtMs)}0000`);
  return new ReadResp().setEvent(new ReadResp.ReadEvent().setEvent(recorded).setCommitPosition(commit));
}

/** The first message of a subscription. */
export function confirmationMessage(subscriptionId: string): streams.ReadResp {
  return new ReadResp().setConfirmation(new ReadResp.SubscriptionConfirmation().setSubscriptionId(subscriptionId));
}

/** Everything up to here was looked at. */
export function checkpointMessage(position: Position): streams.ReadResp {
  const { commit, prepare } = toWirePosition(position);
  return new ReadResp().setCheckpoint(new ReadResp.Checkpoint().setCommitPosition(commit).setPreparePosition(prepare));
}

/** What follows is live. */
export function caughtUpMessage(): streams.ReadResp {
  return new ReadResp().setCaughtUp(new ReadResp.CaughtUp());
}

/** There is no such stream. */
export function streamNotFoundMessage(stream: string): streams.ReadResp {
  return new ReadResp().setStreamNotFound(new ReadResp.StreamNotFound().setStreamIdentifier(toStreamIdentifier(stream)));
}

/** The revision that the stream goes on with, where the read asked for later ones. */
export function firstRevisionMessage(revision: number): streams.ReadResp {
  return new ReadResp().setFirstStreamPosition(String(revision));
}

/** The stream's last revision. */
export function lastRevisionMessage(revision: number): streams.ReadResp {
  return new ReadResp().setLastStreamPosition(String(revision));
}

/** About how many bytes a message has. */
export function messageBytes(message: streams.ReadResp): number {
  const event = message.getEvent()?.getEvent();
  return event === undefined ? 16 : event.getData_asU8().length + event.getCustomMetadata_asU8().length + 200;
}
