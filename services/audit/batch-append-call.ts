/**
 * Serves BatchAppend: one call with many appends in flight, each told from the others by its correlation id and answered exactly once, because
 * clients die of a second answer. An append may come in several requests; it is appended when its last one says so.
 */
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { EventStore, ExpectedRevision } from '../event-store/port.ts';
import type { AppendBytes } from './append-bytes.ts';
import { errorAnswer, successAnswer, timeoutAnswer, type Answered } from './batch-answer.ts';
import { accessDenied, callErrorOf, invalidRequest } from './call-error.ts';
import type { Caller } from './caller.ts';
import type { Clock } from '../application/clock.ts';
import { fromWireId } from './event-id.ts';
import { expectedRevisionOf } from './expected-revision.ts';
import { createProposedEvents, type ProposedEvents } from './proposed-events.ts';
import { streamNameOf } from './stream-name.ts';

export type BatchAppendCall = ServerDuplexStream<streams.BatchAppendReq, streams.BatchAppendResp>;

/** Over so many appends, or bytes of them, unfinished ones included, the client's requests wait. */
const maxInFlight = 512;
const maxHeldBytes = 8 * 1024 * 1024;
/** Appends of which more is to come: so many, and half of the bytes. */
const maxUnfinished = 16;
const maxUnfinishedBytes = maxHeldBytes / 2;
/** So long the next request of a call with unfinished appends may take. */
const unfinishedMs = 60_000;
/** The longest that an append is waited for, whatever its deadline. */
const longestWaitMs = 4_000;

interface Append {
  readonly answered: Answered;
  readonly deadlineMs: number | undefined;
  readonly events: ProposedEvents;
}

export interface BatchAppendDeps {
  readonly store: EventStore;
  /** What all calls hold together. */
  readonly held: AppendBytes;
  readonly clock: Clock;
  onFailure(error: unknown): void;
}

/** Serves the call to its end. */
export function serveBatchAppend(call: BatchAppendCall, caller: Caller, { store, held, clock, onFailure }: BatchAppendDeps): void {
  const unfinished = new Map<string, Append>();
  /** Correlation ids of appends that have no answer yet. */
  const inFlight = new Set<string>();
  /** Bytes of all that the call holds, and of these of unfinished appends. */
  let bytes = 0;
  let unfinishedBytes = 0;
  let stopUnfinished: () => void = () => undefined;
  let hasEnded = false;
  let isOver = false;

  function end(error?: unknown): void {
    if (isOver) return;
    leave();
    if (error === undefined) call.end();
    else call.emit('error', callErrorOf(error));
  }
  /** Lets go of what will not be appended. */
  function leave(): void {
    isOver = true;
    stopWatching();
    stopUnfinished();
    unfinished.clear();
    hold(-unfinishedBytes);
    unfinishedBytes = 0;
  }
  function hold(more: number): void {
    if (more > 0) held.take(more);
    else held.give(-more);
    bytes += more;
  }
  const stopWatching = caller.onEnded(() => end(accessDenied('The right to write was taken away.')));

  function settle(id: string, answer: streams.BatchAppendResp): void {
    if (!inFlight.delete(id) || isOver) return;
    call.write(answer, pace);
    pace();
    if (hasEnded && inFlight.size === 0) end();
  }

  /** Takes no more requests than are answered, and than answers are taken. */
  function pace(): void {
    const isFull = inFlight.size + call.writableLength >= maxInFlight || (inFlight.size > 0 && bytes >= maxHeldBytes);
    if (isFull === call.isPaused()) return;
    if (isFull) call.pause();
    else call.resume();
  }

  function begin(id: string, append: Append): void {
    const { answered, deadlineMs, events } = append;
    const size = events.bytes;
    inFlight.add(id);
    const waitMs = Math.min(longestWaitMs, (deadlineMs ?? Number.POSITIVE_INFINITY) - clock.now());
    if (waitMs <= 0) {
      hold(-size);
      return settle(id, timeoutAnswer(answered));
    }
    const stopDeadline = clock.after(waitMs, () => settle(id, timeoutAnswer(answered)));
    appended(append)
      .then(
        (answer) => settle(id, answer),
        (error: unknown) => {
          if (callErrorOf(error).isFailure) onFailure(error);
          settle(id, errorAnswer(answered, error));
        },
      )
      .finally(() => {
        stopDeadline();
        hold(-size);
        if (!isOver) pace();
      });
  }

  async function appended({ answered, events }: Append): Promise<streams.BatchAppendResp> {
    return successAnswer(answered, await store.append(answered.stream, events.take(), { expectedRevision: answered.expectedRevision }));
  }

  function receive(request: streams.BatchAppendReq): void {
    const id = fromWireId(request.getCorrelationId());
    if (id === undefined) throw invalidRequest('A request has no UUID as its correlation id.');
    if (inFlight.has(id)) throw invalidRequest('A request came for an append that is complete but not yet answered.');
    const append = unfinished.get(id) ?? announced(request);
    const before = append.events.bytes;
    for (const message of request.getProposedMessagesList()) append.events.add(message);
    const more = append.events.bytes - before;
    hold(more);
    unfinishedBytes += more;
    if (request.getIsFinal()) {
      unfinished.delete(id);
      unfinishedBytes -= append.events.bytes;
      begin(id, append);
    } else {
      unfinished.set(id, append);
      if (unfinished.size > maxUnfinished) throw invalidRequest(`More than ${maxUnfinished} appends were begun and not completed.`);
      if (unfinishedBytes > maxUnfinishedBytes) throw invalidRequest(`Appends of more than ${maxUnfinishedBytes} bytes were begun and not completed.`);
    }
    stopUnfinished();
    if (unfinished.size > 0) stopUnfinished = clock.after(unfinishedMs, () => end(invalidRequest(`Appends were begun and not completed for ${unfinishedMs / 1000} s.`)));
    pace();
  }

  call.on('data', (request: streams.BatchAppendReq) => {
    if (isOver) return;
    try {
      receive(request);
    } catch (error) {
      end(error);
    }
  });
  call.on('end', () => {
    hasEnded = true;
    if (inFlight.size === 0) end();
  });
  call.on('cancelled', leave).on('close', leave);
}

/** The first request of an append says where it goes. Where it says nonsense, that append alone is refused. */
function announced(request: streams.BatchAppendReq): Append {
  const options = request.getOptions();
  if (options === undefined) throw invalidRequest('An append begins with its options.');
  const deadline = options.getDeadline();
  const append = {
    correlationId: request.getCorrelationId(),
    deadlineMs: deadline === undefined ? undefined : deadline.getSeconds() * 1000 + deadline.getNanos() / 1e6,
  };
  try {
    const stream = streamNameOf(options.getStreamIdentifier());
    return begun(append, stream, createProposedEvents(stream), expectationOf(options));
  } catch (error) {
    const stream = Buffer.from(options.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString('utf8');
    return begun(append, stream, createProposedEvents(stream, callErrorOf(error)), 'any');
  }
}

function begun({ correlationId, deadlineMs }: Pick<Answered, 'correlationId'> & Pick<Append, 'deadlineMs'>, stream: string, events: ProposedEvents, expectedRevision: ExpectedRevision): Append {
  return { answered: { correlationId, stream, expectedRevision }, deadlineMs, events };
}

function expectationOf(options: streams.BatchAppendReq.Options): ExpectedRevision {
  const revision = options.hasStreamPosition() ? options.getStreamPosition() : undefined;
  return expectedRevisionOf({ revision, isNoStream: options.hasNoStream(), isStreamExists: options.hasStreamExists(), isAny: options.hasAny() });
}
