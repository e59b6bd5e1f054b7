/** One Poll call: the first request introduces the agent, each request is answered, and answers may come early. */
import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { PollRequest, PollResponse } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { AgentRefused, type PollAdmission, type PollAnswer, type PollConversation } from '../application/ports.ts';
import { flawOf, introductionOf, pollOf, responseOf } from './poll-messages.ts';
import { refusalStatus } from './refusal-status.ts';

/** How long a call may wait with its first request. */
const introductionMs = 10_000;
/** Answers an agent may leave unread before its call is ended. */
const unreadAnswers = 64;

type Call = ServerDuplexStream<PollRequest, PollResponse>;

/** Serves one call to its end. Never throws. */
export async function servePollCall(call: Call, peer: { readonly address: string }, deps: { readonly admission: PollAdmission; readonly logger: Logger }): Promise<void> {
  const { admission, logger } = deps;
  const { address } = peer;
  let conversation: PollConversation | undefined;
  let polls = 0;
  /** In a record, for it changes while this function waits. */
  const state = { isEnded: false };

  function endWith(refusal: AgentRefused): void {
    if (state.isEnded) return;
    state.isEnded = true;
    call.emit('error', refusalStatus(refusal));
  }

  /** Reads an introduction and gets the agent admitted. */
  async function introduce(request: PollRequest): Promise<(poll: PollRequest) => Promise<void>> {
    const { hello } = request;
    if (hello === undefined) throw admission.refuseMalformed('malformed-token', address, 'the first request of a call must carry the hello');
    const flaw = flawOf(hello);
    if (flaw !== undefined) throw admission.refuseMalformed(flaw.reason, address, flaw.message);
    const introduction = introductionOf(hello, address);
    const { joinSecret, edgeId } = introduction;
    const send = (answer: PollAnswer) => {
      if (state.isEnded || call.destroyed) return;
      if (call.writableLength > unreadAnswers) return void call.destroy();
      call.write(responseOf(answer, { joinSecret, edgeId }));
    };
    const admitted = await admission.admit(introduction, { push: send, end: endWith });
    conversation = admitted;
    // An answer that is ready is sent in the same turn, so that it travels with the acknowledgement.
    return async (poll) => {
      const answer = admitted.poll(pollOf(poll));
      send(answer instanceof Promise ? await answer : answer);
    };
  }

  const deadline = setTimeout(() => call.destroy(), introductionMs).unref();
  // The stream's own 'error' events must not become uncaught: the loop below sees them as well.
  call.on('error', () => undefined);

  try {
    let answer: ((poll: PollRequest) => Promise<void>) | undefined;
    for await (const request of call as AsyncIterable<PollRequest>) {
      polls++;
      if (answer === undefined) {
        answer = await introduce(request);
        clearTimeout(deadline);
      }
      if (call.destroyed || state.isEnded) break;
      await answer(request);
    }
    if (!state.isEnded && !call.cancelled) call.end();
  } catch (error) {
    if (error instanceof AgentRefused) endWith(error);
    else if (!call.cancelled && !call.destroyed && !state.isEnded) {
      logger.error({ err: error }, 'a poll could not be answered');
      state.isEnded = true;
      call.emit('error', { code: status.INTERNAL, details: 'the control plane could not answer; it will be tried again' });
    }
  } finally {
    clearTimeout(deadline);
    conversation?.close({ isClassic: polls === 1 && !call.cancelled });
  }
}
