/** The stream of checkpoints, as it is read: page by page, and its last one. */
import type { SignedCheckpoint } from '../domain/checkpoint.ts';
import { decodeEvent } from '../domain/event-codec.ts';
import type { EventDataByType } from '../domain/events.ts';
import { EventStoreError, type EventReader, type Position, type RecordedEvent } from '../event-store/port.ts';
import type { Checkpoints } from './ports/checkpoints.ts';

/** The stream of all checkpoints. */
export const checkpointStream = 'checkpoints';

/** The last one, where there is any. */
export interface LastCheckpoint {
  readonly checkpoint: SignedCheckpoint;
  /** Of its event: where nothing came after it there is nothing new to sign. */
  readonly eventPosition: Position;
}

/** Undefined where none was signed yet. Throws {@link EventStoreError}. */
export async function readLastCheckpoint(reader: EventReader): Promise<LastCheckpoint | undefined> {
  const newest = await readNewest(reader);
  return newest === undefined ? undefined : { checkpoint: toCheckpoint(newest), eventPosition: newest.position };
}

/** Oldest first; `from` is a revision. Throws {@link EventStoreError}. */
export async function readCheckpoints(reader: EventReader, { limit, from }: { readonly limit: number; readonly from: number }): ReturnType<Checkpoints['list']> {
  const events = await collect(reader.readStream(checkpointStream, { from, limit }));
  const newest = events.length === 0 ? await readNewest(reader) : undefined;
  const end = (events.at(-1) ?? newest)?.revision ?? -1;
  const total = events.length < limit ? end + 1 : 1 + ((await readNewest(reader))?.revision ?? end);
  return { checkpoints: events.map(toCheckpoint), next: end + 1 < total ? end + 1 : null, total };
}

/** Newest first; `from` is a revision, the newest by default. Throws {@link EventStoreError}. */
export async function readCheckpointsBackwards(reader: EventReader, { limit, from }: { readonly limit: number; readonly from: number | undefined }): ReturnType<Checkpoints['list']> {
  const newest = await readNewest(reader);
  const total = newest === undefined ? 0 : newest.revision + 1;
  const start = Math.min(from ?? total - 1, total - 1);
  if (start < 0) return { checkpoints: [], next: null, total };
  const events = await collect(reader.readStream(checkpointStream, { direction: 'backwards', from: start, limit }));
  const end = events.at(-1)?.revision ?? 0;
  return { checkpoints: events.map(toCheckpoint), next: end > 0 ? end - 1 : null, total };
}

/** What is recorded of a checkpoint. */
export function toEventData(checkpoint: SignedCheckpoint): EventDataByType['CheckpointSigned'] {
  const { at, controlPlaneNode, position, events, chain, publicKey, signature } = checkpoint;
  return { at, controlPlaneNode, position, events, chain, publicKey, signature };
}

function toCheckpoint(recorded: RecordedEvent): SignedCheckpoint {
  // The control plane alone writes this stream, and nothing else to it.
  return toEventData(decodeEvent(recorded)?.data as EventDataByType['CheckpointSigned']);
}

async function readNewest(reader: EventReader): Promise<RecordedEvent | undefined> {
  return (await collect(reader.readStream(checkpointStream, { direction: 'backwards', limit: 1 })))[0];
}

/** A stream that is not there has no events. */
async function collect(pages: AsyncIterable<readonly RecordedEvent[]>): Promise<readonly RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  try {
    for await (const page of pages) events.push(...page);
  } catch (error) {
    if (!(error instanceof EventStoreError) || error.code !== 'stream-not-found') throw error;
  }
  return events;
}
