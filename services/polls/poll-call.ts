/** One Poll call: the first request introduces the agent, each request is answered, and answers may come early. */
import { type ServerDuplexStream, type ServiceError, status } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { CHECK_HEADER } from '../../proto/check-header.ts';
import type { PollRequest, PollResponse } from '../../proto/generated/homeport/poll/v1/poll.ts';
import type { Clock } from '../application/clock.ts';
import type { AgentRefused, PollAdmission, PollAnswer, PollConversation } from '../application/ports/poll-admission.ts';
import { pollOf, readIntroduction, responseOf, type SignEndpoints } from './poll-messages.ts';
import { failureStatus } from './refusal-status.ts';

/** How long a call may wait with its first request. */
const introductionMs = 10_000;
/** Answers an agent may leave unread before its call is ended. */
const unreadAnswers = 64;

const unforeseen = { logged: 'a poll could not be answered', told: 'the control plane could not answer; it will be tried again' };

type Call = ServerDuplexStream<PollRequest, PollResponse>;

export interface PollCallDeps {
  readonly admission: PollAdmission;
  readonly signEndpoints: SignEndpoints;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly onAdmitted: () => void;
  /** A request came. */
  readonly onHeard: () => void;
  /** It has ended, however. */
  readonly onOver: () => void;
}

/**
 * Serves one call to its end. Requests are answered one after the other: while one is being answered the stream is paused.
 * No `for await` here: it destroys the stream on an error, and with it the status that the agent is to be told.
 * Returns what ends it with a refusal.
 */
export function servePollCall(call: Call, peer: { readonly address: string }, deps: PollCallDeps): (refusal: AgentRefused) => void {
  const { admission, signEndpoints, logger, clock, onAdmitted, onHeard, onOver } = deps;
  const { address } = peer;
  let answer: ((poll: PollRequest) => Promise<void> | void) | undefined;
  let conversation: PollConversation | undefined;
  let polls = 0;
  let isOver = false;

  const stopDeadline = clock.after(introductionMs, () => {
    finish({ code: status.DEADLINE_EXCEEDED, details: 'the first request did not come in time' });
  });

  /** Whatever comes first ends the call, once. */
  function finish(how: 'end' | 'gone' | Pick<ServiceError, 'code' | 'details'>): void {
    if (isOver) return;
    isOver = true;
    stopDeadline();
    onOver();
    conversation?.close({ isClassic: how === 'end' && polls === 1 });
    if (how === 'end') call.end();
    else if (how !== 'gone') call.emit('error', how);
  }

  function fail(error: unknown): void {
    finish(failureStatus(error, { logger, unforeseen }));
  }

  /** Reads an introduction and gets the agent admitted; then answers it. */
  async function introduce(request: PollRequest): Promise<void> {
    const introduction = readIntroduction(request.hello, address, admission);
    if (call.metadata.get(CHECK_HEADER)[0] === '1') {
      await admission.check(introduction);
      return finish('end');
    }
    const { joinSecret, edgeId } = introduction;
    let nonce = nonceOf(request) ?? new Uint8Array();
    const send = (message: PollAnswer) => {
      if (isOver) return;
      if (call.writableLength > unreadAnswers) finish({ code: status.RESOURCE_EXHAUSTED, details: 'answers are not read' });
      else call.write(responseOf(message, { joinSecret, edgeId, nonce }, signEndpoints));
    };
    const admitted = await admission.admit(introduction, { push: send, end: fail });
    conversation = admitted;
    onAdmitted();
    stopDeadline();
    if (isOver) return admitted.close({ isClassic: false });
    answer = (poll) => {
      nonce = nonceOf(poll) ?? nonce;
      // An answer that is ready is sent in the same turn, so that it travels with the acknowledgement.
      const given = admitted.poll(pollOf(poll));
      if (!(given instanceof Promise)) return send(given);
      return given.then(send);
    };
    await answer(request);
  }

  call.on('data', (request: PollRequest) => {
    if (isOver) return;
    polls++;
    onHeard();
    try {
      const answering = answer === undefined ? introduce(request) : answer(request);
      if (answering === undefined) return;
      call.pause();
      answering.then(() => call.resume(), fail);
    } catch (error) {
      fail(error);
    }
  });
  call.on('end', () => {
    // A connection that broke ends its calls too, and says a moment later that it is gone: no classic agent took its leave.
    setImmediate(finish, 'end');
  });
  for (const event of ['cancelled', 'close', 'error']) {
    call.on(event, () => {
      finish('gone');
    });
  }
  return fail;
}

/** What endpoints for this agent have to repeat. */
function nonceOf({ hello }: PollRequest): Uint8Array | undefined {
  return hello?.endpoints?.nonce;
}
