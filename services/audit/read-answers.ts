/** What a Read answers, page by page, as the store's pages come: a page is turned into messages only while they are sent. */
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import { EventStoreError, type EventReader, type RecordedEvent } from '../event-store/port.ts';
import {
  caughtUpMessage,
  checkpointMessage,
  confirmationMessage,
  eventMessage,
  firstRevisionMessage,
  lastRevisionMessage,
  streamNotFoundMessage,
} from './read-messages.ts';
import type { ReadPlan, ReadSource } from './read-plan.ts';

/** Messages of one page; `undefined` for an event that was looked at and left out. */
export type AnswerPage = Iterable<streams.ReadResp | undefined>;

type StreamSource = Extract<ReadSource, { kind: 'stream' }>;
type AllSource = Extract<ReadSource, { kind: 'all' }>;
type Part = Exclude<ReadPlan['extent'], 'follow'>;

/** Throws what the store throws, and ends as the read or the signal ends. `subscriptionId` is shown to a subscriber. */
export function readAnswers(plan: ReadPlan, store: EventReader, context: { readonly signal: AbortSignal; readonly subscriptionId: string }): AsyncGenerator<AnswerPage> {
  const { source, extent } = plan;
  const { signal, subscriptionId } = context;
  if (extent !== 'follow') return source.kind === 'stream' ? streamPart(source, extent, plan, store, signal) : allPart(source, extent, plan, store, signal);
  return following(source, plan, store, signal, subscriptionId);
}

async function* streamPart({ stream, from }: StreamSource, { direction, limit }: Part, { idForm, wantsEnds }: ReadPlan, store: EventReader, signal: AbortSignal): AsyncGenerator<AnswerPage> {
  try {
    let isEmpty = true;
    for await (const events of store.readStream(stream, { direction, from, limit, signal })) {
      isEmpty = false;
      yield messages(events, (event) => eventMessage(event, idForm));
    }
    if (!wantsEnds) return;
    for await (const [last] of store.readStream(stream, { direction: 'backwards', limit: 1, signal })) {
      if (last === undefined) continue;
      if (isEmpty && direction === 'forwards') yield [firstRevisionMessage(last.revision + 1)];
      yield [lastRevisionMessage(last.revision)];
    }
  } catch (error) {
    if (!(error instanceof EventStoreError) || error.code !== 'stream-not-found') throw error;
    yield [streamNotFoundMessage(stream)];
  }
}

async function* allPart({ from, filter }: AllSource, { direction, limit }: Part, { idForm }: ReadPlan, store: EventReader, signal: AbortSignal): AsyncGenerator<AnswerPage> {
  let left = limit;
  // Backwards EventStoreDB begins with what stands before the position, and the port with what stands at it.
  const leftOut = direction === 'backwards' && from !== 'start' && from !== 'end' ? from : undefined;
  const atStore = filter?.atStore;
  const options = {
    direction,
    from,
    limit: filter === undefined || filter.isExact ? left + (leftOut === undefined ? 0 : 1) : Number.POSITIVE_INFINITY,
    signal,
    ...(atStore === undefined ? {} : { filter: atStore }),
  };
  if (left <= 0) return;
  for await (const events of store.readAll(options)) {
    yield messages(events, (event) => {
      if (left <= 0 || filter?.passes(event) === false) return undefined;
      if (leftOut !== undefined && store.comparePositions(event.position, leftOut) === 0) return undefined;
      left -= 1;
      return eventMessage(event, idForm);
    });
    if (left <= 0) return;
  }
}

async function* following(source: ReadSource, { idForm }: ReadPlan, store: EventReader, signal: AbortSignal, subscriptionId: string): AsyncGenerator<AnswerPage> {
  const filter = source.kind === 'all' ? source.filter : undefined;
  let considered = 0;
  let isConfirmed = false;
  for await (const message of subscription(source, store, signal)) {
    // A subscription that can't be is refused unconfirmed; one that can has something to say at once.
    if (!isConfirmed) yield [confirmationMessage(subscriptionId)];
    isConfirmed = true;
    if (message.kind === 'caught-up') yield filter === undefined || message.position === undefined ? [caughtUpMessage()] : [checkpointMessage(message.position), caughtUpMessage()];
    else if (message.kind === 'checkpoint') yield filter === undefined ? [] : [checkpointMessage(message.position)];
    else if (filter === undefined) yield messages(message.events, (event) => eventMessage(event, idForm));
    else yield considerable(message.events);
  }

  function* considerable(events: readonly RecordedEvent[]): Generator<streams.ReadResp | undefined> {
    for (const event of events) {
      yield filter?.passes(event) === true ? eventMessage(event, idForm) : undefined;
      considered += 1;
      if (considered % (filter?.checkpointEvery ?? 1) === 0) yield checkpointMessage(event.position);
    }
  }
}

function subscription(source: ReadSource, store: EventReader, signal: AbortSignal) {
  if (source.kind === 'stream') return store.subscribeToStream(source.stream, { after: source.from, signal });
  const atStore = source.filter?.atStore;
  return store.subscribeToAll({ after: source.from, signal, ...(atStore === undefined ? {} : { filter: atStore }) });
}

function* messages<Message>(events: readonly RecordedEvent[], toMessage: (event: RecordedEvent) => Message): Generator<Message> {
  for (const event of events) yield toMessage(event);
}
