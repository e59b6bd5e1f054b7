/**
 * Keeps a Poll call open for as long as the agent lives.
 *
 *     start ─ jitter ─▶ connecting ──▶ polling ── lost ──▶ spread wait ─▶ connecting
 *                        │    ▲           └── refused ──▶ slow wait ───▶ connecting
 *                        └────┴─ failed: backoff; while the control plane itself is away, at least the spread
 *
 * Moved to another address, it goes on polling there on the connection it is given. Where its own is trusted no more, it makes another.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { PollRequest, PollResponse, PollServiceClient } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { PROTOCOL_VERSION } from '../../proto/protocol-version.ts';
import { createBackoff } from '../backoff.ts';
import type { BackoffBounds } from '../backoff.ts';
import { connectFailureFrom, isNetworkFailure, isOutage } from '../connection/connect-failure.ts';
import type { ApiRoute, ApiRoutes } from '../endpoints/api-routes.ts';
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
  /** Without an answer for so long all addresses that are known are tried, in turn. */
  readonly everywhereAfterMs: number;
  /** Between tries of a new address that does not work, while polls are answered elsewhere. */
  readonly move: BackoffBounds;
}

/** Time and dice, so that tests can hold both. */
export interface PollChance {
  /** 0 to 1. */
  random(): number;
  /** Resolves after so long, or when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

const SYSTEM_CHANCE: PollChance = { random: Math.random, wait: (ms, signal) => delay(ms, undefined, { signal }).catch(() => undefined) };

/** Where something answers but must not be used, a person has to act, and each attempt costs the other end a handshake. */
const WRONG_PEER_CAP_MS = 60_000;

/** What the product waits. */
export const POLL_TIMING: PollTiming = {
  startJitterMs: 500,
  failed: { firstMs: 500, capMs: 5000 },
  refused: { firstMs: 15_000, capMs: 300_000 },
  intervalMs: 5000,
  answerMs: 30_000,
  everywhereAfterMs: 60_000,
  move: { firstMs: 5000, capMs: 300_000 },
};

export interface PollLoop {
  /** Polls until the signal aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** Makes a poll now where a call is open; otherwise the next one says it all anyway. */
  pollNow(): void;
  /** Goes on polling on another connection, which stands; the call there is ends in peace. */
  moveTo(route: ApiRoute, client: PollServiceClient): void;
  /** Ends the call with its connection, and makes another at once. */
  reconnect(): void;
  /** The live connection, for what is not a poll; undefined while there is none. */
  client(): PollServiceClient | undefined;
}

/** Creates the loop. */
export function createPollLoop(options: {
  readonly routes: ApiRoutes;
  readonly request: (isFirst: boolean) => PollRequest;
  readonly answered: (response: PollResponse, route: ApiRoute) => void;
  /** The call ended: what the last request carried may have been lost. */
  readonly interrupted: () => void;
  readonly notices: Notices;
  readonly timing: PollTiming;
  readonly chance?: PollChance;
}): PollLoop {
  const { routes, notices, timing, chance = SYSTEM_CHANCE } = options;
  const failed = createBackoff(timing.failed, chance.random);
  const refused = createBackoff(timing.refused, chance.random);
  let intervalMs = timing.intervalMs;
  let spreadMs = 0;
  let current: PollCall | undefined;
  let connection: PollServiceClient | undefined;
  let leaving: AbortController | undefined;
  let next: { readonly route: ApiRoute; readonly client: PollServiceClient } | undefined;

  const answered = (response: PollResponse, route: ApiRoute): number => {
    routes.worked(route);
    failed.reset();
    refused.reset();
    notices.fine('connection', 'polling again');
    if (response.minProtocolVersion > PROTOCOL_VERSION) {
      notices.trouble('version', 'version-too-old', 'the control plane will soon refuse agents as old as this one; update it');
    }
    if (response.pollIntervalMs > 0) intervalMs = response.pollIntervalMs;
    spreadMs = response.reconnectSpreadMs;
    options.answered(response, route);
    return intervalMs;
  };

  const converse = async (route: ApiRoute, client: PollServiceClient, stopping: AbortSignal): Promise<PollCallEnd> => {
    connection = client;
    leaving = new AbortController();
    const signal = AbortSignal.any([stopping, leaving.signal]);
    current = startPollCall({ client, request: options.request, answered: (response) => answered(response, route), intervalMs, answerMs: timing.answerMs, random: chance.random, signal });
    try {
      return await current.ended;
    } finally {
      current = undefined;
      connection = undefined;
      options.interrupted();
      client.close();
    }
  };

  /** All agents lost the control plane at the same moment: each comes back at some moment of the spread. */
  const spreadWaitMs = (): number => chance.random() * spreadMs + failed.next();

  /** Says what happened, and how long to wait before trying again. */
  const waitAfter = (how: PollCallEnd, { address }: ApiRoute): number => {
    if (how.kind !== 'stopped') routes.failed();
    switch (how.kind) {
      case 'refused': {
        const { message, isPassing } = refusalAdvice(how.reason);
        notices.trouble('connection', how.reason, message, { address, detail: how.detail });
        return Math.max(how.retryAfterMs ?? 0, isPassing ? spreadWaitMs() : refused.next());
      }
      case 'lost':
        notices.trouble('connection', 'connection-lost', 'the connection to the control plane was lost; it is tried again', { address, detail: how.detail });
        return spreadWaitMs();
      case 'unanswered':
        notices.trouble('connection', 'polls-unanswered', 'the control plane does not answer polls any more; it is tried again', { address });
        return spreadWaitMs();
      case 'stopped':
        return 0;
    }
  };

  const connect = async (signal: AbortSignal): Promise<{ readonly route: ApiRoute; readonly client: PollServiceClient } | { readonly waitMs: number }> => {
    const route = routes.next();
    try {
      return { route, client: await route.access(signal) };
    } catch (error) {
      if (signal.aborted) return { waitMs: 0 };
      routes.failed();
      const failure = connectFailureFrom(error);
      const { code, message, detail } = failure;
      notices.trouble('connection', code, message, { address: route.address, ...(detail === undefined ? {} : { detail }) });
      const waitMs = failed.next(isNetworkFailure(failure) ? spreadMs : Math.max(spreadMs, WRONG_PEER_CAP_MS));
      // At the same moment of the next spread: so all together never try faster than the control plane asked them to, and all are back one spread after it is.
      return { waitMs: isOutage(failure) ? Math.max(spreadMs, waitMs) : waitMs };
    }
  };

  const attempt = async (signal: AbortSignal): Promise<number> => {
    const connected = next ?? (await connect(signal));
    next = undefined;
    if ('waitMs' in connected) return connected.waitMs;
    const { route, client } = connected;
    return waitAfter(await converse(route, client, signal), route);
  };

  return {
    async run(signal) {
      let waitMs = chance.random() * timing.startJitterMs;
      for (;;) {
        await chance.wait(waitMs, signal);
        if (signal.aborted) {
          next?.client.close();
          return;
        }
        waitMs = await attempt(signal);
      }
    },
    pollNow: () => current?.pollNow(),
    moveTo(route, client) {
      next?.client.close();
      next = { route, client };
      leaving?.abort();
    },
    reconnect: () => leaving?.abort(),
    client: () => connection,
  };
}
