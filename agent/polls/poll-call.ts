/** One Poll call: a request every interval, answers as they come, until it ends. */
import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import type { PollRequest, PollResponse, PollServiceClient } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { POLL_KEEP_ALIVE } from '../../proto/poll-flow.ts';
import type { PollKeepAlive } from '../../proto/poll-flow.ts';
import { REASON_TRAILER, RETRY_AFTER_TRAILER } from '../../proto/reason-trailer.ts';
import { pingWhenSilent } from '../../proto/silence-pings.ts';
import type { SilencePings } from '../../proto/silence-pings.ts';
import { watchCallSession } from '../tunnel/call-session.ts';
import { systemTunnelClock } from '../tunnel/clock.ts';

/** After a request of ours an answer must come within so long, or the control plane counts as hung. */
const ANSWER_MS = 30_000;
/** How long the control plane may take to end a call that we ended. */
const GOODBYE_MS = 1000;

/** Why a call ended. */
export type PollCallEnd =
  /** Refused by the control plane, with a reason of docs/protocol.md. */
  | { readonly kind: 'refused'; readonly reason: string; readonly detail: string; readonly retryAfterMs: number | undefined }
  /** The connection, or the control plane, went away. */
  | { readonly kind: 'lost'; readonly detail: string }
  /** Requests are not answered any more. */
  | { readonly kind: 'unanswered' }
  /** By the signal. */
  | { readonly kind: 'stopped' };

export interface PollCall {
  /** Makes a poll now; the interval counts from it. Nothing where the call has ended or still has requests to send. */
  pollNow(): void;
  /** Never rejects. */
  readonly ended: Promise<PollCallEnd>;
}

/**
 * Starts a call on a live connection and makes the first poll. `request` is asked for each poll as it is made, so that one
 * that can't be sent is none; `answered` gets every answer and returns the interval from now on, in milliseconds.
 */
export function startPollCall(options: {
  readonly client: PollServiceClient;
  readonly request: (isFirst: boolean) => PollRequest;
  readonly answered: (response: PollResponse) => number;
  readonly intervalMs: number;
  readonly answerMs?: number;
  /** When a silent control plane is pinged; the protocol's by default. */
  readonly keepAlive?: PollKeepAlive;
  /** Dice, 0 to 1. */
  readonly random?: () => number;
  readonly signal: AbortSignal;
}): PollCall {
  const { client, request, answered, signal, answerMs = ANSWER_MS, keepAlive = POLL_KEEP_ALIVE, random = Math.random } = options;
  const watch = watchCallSession();
  const call: ClientDuplexStream<PollRequest, PollResponse> = client.poll(watch.metadata);
  const { promise: ended, resolve } = Promise.withResolvers<PollCallEnd>();
  let intervalMs = options.intervalMs;
  let sentAtMs = 0;
  let isFirst = true;
  let isOver = false;
  let isBlocked = false;
  let nextPoll: NodeJS.Timeout | undefined;
  let answerDeadline: NodeJS.Timeout | undefined;
  let pings: SilencePings | undefined;

  const end = (how: PollCallEnd): void => {
    if (isOver) return;
    isOver = true;
    clearTimeout(nextPoll);
    clearTimeout(answerDeadline);
    watch.stop();
    pings?.stop();
    signal.removeEventListener('abort', stop);
    resolve(signal.aborted ? { kind: 'stopped' } : how);
  };

  const schedule = (): void => {
    clearTimeout(nextPoll);
    nextPoll = setTimeout(pollNow, Math.max(0, sentAtMs + intervalMs - performance.now()));
  };

  const pollNow = (): void => {
    if (isOver || signal.aborted) return;
    sentAtMs = performance.now();
    schedule();
    if (isBlocked) return;
    isBlocked = !call.write(request(isFirst));
    isFirst = false;
    answerDeadline ??= setTimeout(() => {
      end({ kind: 'unanswered' });
      call.cancel();
    }, answerMs);
  };

  const stop = (): void => {
    clearTimeout(nextPoll);
    call.end();
    setTimeout(() => {
      call.cancel();
      end({ kind: 'stopped' });
    }, GOODBYE_MS).unref();
  };

  call.on('drain', () => (isBlocked = false));
  call.on('data', (response: PollResponse) => {
    if (isOver) return;
    clearTimeout(answerDeadline);
    answerDeadline = undefined;
    // Until the first answer its deadline watches.
    if (pings === undefined && watch.session !== undefined) pings = pingWhenSilent(watch.session, keepAlive, systemTunnelClock, () => end({ kind: 'lost', detail: 'pings are not answered' }));
    pings?.heard();
    const before = intervalMs;
    intervalMs = answered(response);
    if (intervalMs === before) return;
    // Many agents are told of another interval at the same moment: at its first turn each finds a moment of its own.
    clearTimeout(nextPoll);
    nextPoll = setTimeout(pollNow, random() * intervalMs);
  });
  call.on('end', () => end({ kind: 'lost', detail: 'the control plane ended the call' }));
  call.on('error', (error: ServiceError) => end(endFrom(error)));
  signal.addEventListener('abort', stop, { once: true });
  pollNow();
  return { pollNow, ended };
}

function endFrom(error: ServiceError): PollCallEnd {
  const [reason] = error.metadata.get(REASON_TRAILER);
  if (typeof reason !== 'string') return { kind: 'lost', detail: error.details };
  const retryAfterMs = Number(error.metadata.get(RETRY_AFTER_TRAILER)[0]);
  return { kind: 'refused', reason, detail: error.details, retryAfterMs: Number.isFinite(retryAfterMs) ? retryAfterMs : undefined };
}
