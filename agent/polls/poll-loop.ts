/**
 * Keeps a Poll call open for as long as the agent lives.
 *
 *     start ─ jitter ─▶ connecting ──▶ polling ── lost ──▶ spread wait ─▶ connecting
 *                        │    ▲           └── refused ──▶ slow wait ───▶ connecting
 *                        └────┴─ failed: backoff
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { PollRequest, PollResponse, PollServiceClient } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { PROTOCOL_VERSION } from '../../proto/protocol-version.ts';
import { createBackoff } from '../backoff.ts';
import type { BackoffBounds } from '../backoff.ts';
import type { ApiAccess } from '../connection/api-access.ts';
import { connectFailureFrom, isNetworkFailure } from '../connection/connect-failure.ts';
import type { Notices } from '../notices.ts';
import { startPollCall } from './poll-call.ts';
import type { PollCall, PollCallEnd } from './poll-call.ts';
import { refusalAdvice } from './refusal-advice.ts';

/** How patient the loop is, in milliseconds. */
export interface PollTiming {
  /** The first connection waits a random part of this. */
  readonly startJitterMs: number;
  /** Between failures to connect; the control plane's spread widens the cap. */
  readonly failed: BackoffBounds;
  /** Between refusals that only a person can mend. */
  readonly refused: BackoffBounds;
  /** Until the control plane says otherwise. */
  readonly intervalMs: number;
  /** A request unanswered for so long ends the call. */
  readonly answerMs: number;
}

/** Where something answers but must not be used, a person has to act, and each attempt costs the other end a handshake. */
const WRONG_PEER_CAP_MS = 60_000;

/** What the product waits. */
export const POLL_TIMING: PollTiming = {
  startJitterMs: 500,
  failed: { firstMs: 500, capMs: 5000 },
  refused: { firstMs: 15_000, capMs: 300_000 },
  intervalMs: 5000,
  answerMs: 30_000,
};

export interface PollLoop {
  /** Polls until the signal aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** Makes a poll now where a call is open; otherwise the next one says it all anyway. */
  pollNow(): void;
  /** The live connection, for what is not a poll; undefined while there is none. */
  client(): PollServiceClient | undefined;
}

/** Creates the loop. */
export function createPollLoop(options: {
  readonly access: ApiAccess;
  /** host:port, for the log. */
  readonly address: string;
  readonly request: (isFirst: boolean) => PollRequest;
  readonly answered: (response: PollResponse) => void;
  /** The call ended: what the last request carried may have been lost. */
  readonly interrupted: () => void;
  readonly notices: Notices;
  readonly timing: PollTiming;
}): PollLoop {
  const { access, address, notices, timing } = options;
  const failed = createBackoff(timing.failed);
  const refused = createBackoff(timing.refused);
  let intervalMs = timing.intervalMs;
  let spreadMs = 0;
  let current: PollCall | undefined;
  let connection: PollServiceClient | undefined;

  const answered = (response: PollResponse): number => {
    failed.reset();
    refused.reset();
    notices.fine('connection', 'polling again');
    if (response.minProtocolVersion > PROTOCOL_VERSION) {
      notices.trouble('version', 'version-too-old', 'the control plane will soon refuse agents as old as this one; update it');
    }
    if (response.pollIntervalMs > 0) intervalMs = response.pollIntervalMs;
    spreadMs = response.reconnectSpreadMs;
    options.answered(response);
    return intervalMs;
  };

  const converse = async (client: PollServiceClient, signal: AbortSignal): Promise<PollCallEnd> => {
    connection = client;
    current = startPollCall({ client, request: options.request, answered, intervalMs, answerMs: timing.answerMs, signal });
    try {
      return await current.ended;
    } finally {
      current = undefined;
      connection = undefined;
      options.interrupted();
      client.close();
    }
  };

  /** Says what happened, and how long to wait before trying again. */
  const waitAfter = (how: PollCallEnd): number => {
    switch (how.kind) {
      case 'refused': {
        const { message, isPassing } = refusalAdvice(how.reason);
        notices.trouble('connection', how.reason, message, { address, detail: how.detail });
        return Math.max(how.retryAfterMs ?? 0, isPassing ? failed.next(spreadMs) : refused.next());
      }
      case 'lost':
        notices.trouble('connection', 'connection-lost', 'the connection to the control plane was lost; it is tried again', { address, detail: how.detail });
        return Math.random() * spreadMs + failed.next();
      case 'unanswered':
        notices.trouble('connection', 'polls-unanswered', 'the control plane does not answer polls any more; it is tried again', { address });
        return Math.random() * spreadMs + failed.next();
      case 'stopped':
        return 0;
    }
  };

  const attempt = async (signal: AbortSignal): Promise<number> => {
    let client: PollServiceClient;
    try {
      client = await access(signal);
    } catch (error) {
      if (signal.aborted) return 0;
      const failure = connectFailureFrom(error);
      const { code, message, detail } = failure;
      notices.trouble('connection', code, message, { address, ...(detail === undefined ? {} : { detail }) });
      return failed.next(isNetworkFailure(failure) ? spreadMs : Math.max(spreadMs, WRONG_PEER_CAP_MS));
    }
    return waitAfter(await converse(client, signal));
  };

  return {
    async run(signal) {
      let waitMs = Math.random() * timing.startJitterMs;
      for (;;) {
        await delay(waitMs, undefined, { signal }).catch(() => undefined);
        if (signal.aborted) return;
        waitMs = await attempt(signal);
      }
    },
    pollNow: () => current?.pollNow(),
    client: () => connection,
  };
}
