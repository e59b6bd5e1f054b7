/** Serves Read: reads and subscriptions, each at its reader's own pace. */
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { randomUUID } from 'node:crypto';
import type { Places } from '../application/places.ts';
import type { EventReader } from '../event-store/port.ts';
import { callErrorOf, tooBusy, unauthenticated, type CallError } from './call-error.ts';
import type { Caller } from './caller.ts';
import type { Clock } from '../application/clock.ts';
import { createPacedSender } from './paced-sender.ts';
import { readAnswers } from './read-answers.ts';
import { messageBytes } from './read-messages.ts';
import { readPlan } from './read-plan.ts';
import type { Turns } from './turns.ts';

export type ReadCall = ServerWritableStream<streams.ReadReq, streams.ReadResp>;

export interface ReadCallDeps {
  readonly store: EventReader;
  /** By the caller's name: no account keeps the others out. */
  readonly places: Places;
  readonly turns: Turns;
  readonly clock: Clock;
  /** A reader that takes nothing for so long is dropped. */
  readonly stallMs: number;
  /** An error that is no refusal. */
  onFailure(error: unknown): void;
}

/** Answers until the read, the caller's right or the call ends. Never rejects. */
export async function serveRead(call: ReadCall, caller: Caller, deps: ReadCallDeps): Promise<void> {
  const { store, places, turns, clock, stallMs } = deps;
  const over = new AbortController();
  const isOver = (): void => over.abort();
  call.on('cancelled', isOver).on('close', isOver);
  call.on('error', isOver);
  let leave: (() => void) | undefined;
  const stopWatching = caller.onEnded(() => over.abort(unauthenticated('The API key was revoked, or has expired.')));
  try {
    const entry = places.enter(caller.name);
    if (entry.refused !== undefined) throw tooBusy();
    ({ leave } = entry);
    const sender = createPacedSender<streams.ReadResp>({ call, turns, clock, signal: over.signal, bytesOf: messageBytes, stallMs });
    for await (const page of readAnswers(readPlan(call.request), store, { signal: over.signal, subscriptionId: randomUUID() })) await sender.send(page);
    over.signal.throwIfAborted();
    call.end();
  } catch (error) {
    const status = statusOf(error, over.signal);
    if (status !== undefined) call.emit('error', status);
    if (status?.isFailure === true) deps.onFailure(error);
  } finally {
    stopWatching();
    leave?.();
    over.abort();
  }
}

/** Undefined where there is nobody left to tell. */
function statusOf(error: unknown, { aborted, reason }: AbortSignal): CallError | undefined {
  if (!aborted) return callErrorOf(error);
  const status = callErrorOf(reason);
  return status === reason ? status : undefined;
}
