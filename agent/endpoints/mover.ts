/**
 * Moves the agent to a new address of the API, once it is shown to work: a connection that is trusted, and a word that polls
 * would be taken. Until then the agent stays where it is, and tries again ever more seldom.
 */
import type { Logger } from 'pino';
import type { PollServiceClient } from '../../proto/generated/homeport/poll/v1/poll.ts';
import { createBackoff } from '../backoff.ts';
import type { BackoffBounds } from '../backoff.ts';
import { ConnectFailure, connectFailureFrom } from '../connection/connect-failure.ts';
import { withDeadline } from '../connection/deadline.ts';
import type { Notices } from '../notices.ts';
import { AdmissionRefused } from '../polls/check-admission.ts';
import { refusalAdvice } from '../polls/refusal-advice.ts';
import type { ApiRoute } from './api-routes.ts';

/** A try takes no longer. */
const TRY_MS = 30_000;

/** Tries the newest address of the API until it works. */
export interface Mover {
  /** A poll was answered on this route: where there is a newer one it is tried, unless that is under way or not due again yet. */
  polledOn(route: ApiRoute): void;
  /** There is a newer one: it is tried at the next chance. */
  renewed(): void;
  stop(): void;
}

/** Why a new address is not used. */
export interface MoveFailure {
  readonly address: string;
  readonly reason: string;
  readonly detail: string;
}

/** Creates the mover. `check` throws where polls would not be taken; `moved` gets the connection that was shown to work. */
export function createMover(options: {
  readonly newest: () => ApiRoute;
  readonly check: (client: PollServiceClient, signal: AbortSignal) => Promise<void>;
  readonly moved: (route: ApiRoute, client: PollServiceClient) => void;
  readonly failed: (failure: MoveFailure) => void;
  readonly worked: () => void;
  readonly bounds: BackoffBounds;
  readonly logger: Logger;
  readonly notices: Notices;
}): Mover {
  const { newest, check, moved, failed, worked, bounds, logger, notices } = options;
  const stopping = new AbortController();
  const backoff = createBackoff(bounds);
  let isTrying = false;
  let dueAtMs = 0;
  let timer: NodeJS.Timeout | undefined;
  let on: ApiRoute | undefined;

  const attempt = async (route: ApiRoute): Promise<void> => {
    const deadline = withDeadline(stopping.signal, TRY_MS, () => new ConnectFailure('connection-timeout'));
    let client: PollServiceClient | undefined;
    try {
      client = await route.access(deadline.signal);
      await check(client, deadline.signal);
      if (stopping.signal.aborted || newest() !== route) return client.close();
      // Answers that are on their way on the former connection start no other try.
      waitAWhile();
      logger.info({ address: route.address }, 'the new address of the control plane works; polls go there from now on');
      moved(route, client);
    } catch (error) {
      client?.close();
      if (!stopping.signal.aborted && newest() === route) fail(route, error);
    } finally {
      deadline.clear();
    }
  };

  const waitAWhile = (): void => {
    const waitMs = backoff.next();
    dueAtMs = performance.now() + waitMs;
    clearTimeout(timer);
    timer = setTimeout(consider, waitMs);
  };

  const fail = ({ address }: ApiRoute, error: unknown): void => {
    waitAWhile();
    const { reason, advice, detail } = describe(error);
    notices.trouble('new-address', reason, `the new address of the control plane cannot be used, and polls go on where they did: ${advice}`, { address, detail });
    failed({ address, reason, detail: `${advice} (${detail})` });
  };

  const consider = (): void => {
    const route = newest();
    if (on === undefined || isTrying || stopping.signal.aborted || on === route || performance.now() < dueAtMs) return;
    isTrying = true;
    void attempt(route).finally(() => {
      isTrying = false;
      // A newer one may have come meanwhile.
      if (newest() !== route) consider();
    });
  };

  return {
    polledOn(route) {
      on = route;
      if (route !== newest()) return consider();
      clearTimeout(timer);
      backoff.reset();
      notices.fine('new-address', 'polls go to the new address of the control plane');
      worked();
    },
    renewed() {
      backoff.reset();
      dueAtMs = 0;
      consider();
    },
    stop() {
      clearTimeout(timer);
      stopping.abort();
    },
  };
}

function describe(error: unknown): { readonly reason: string; readonly advice: string; readonly detail: string } {
  if (error instanceof AdmissionRefused) return { reason: error.reason, advice: refusalAdvice(error.reason).message, detail: error.message };
  const { code, message, detail } = connectFailureFrom(error);
  return { reason: code, advice: message, detail: detail ?? code };
}
