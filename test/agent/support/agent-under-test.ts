/** An agent that runs in the test, impatient, with its log captured. */
import { runAgent } from '../../../agent/main.ts';
import { compileOptions } from '../../../agent/options.ts';
import type { GivenOptions } from '../../../agent/options.ts';
import { POLL_TIMING } from '../../../agent/polls/poll-loop.ts';
import type { PollTiming } from '../../../agent/polls/poll-loop.ts';
import { captureLog } from './captured-log.ts';
import type { CapturedLog } from './captured-log.ts';

export const EDGE_ID = '7d9fd0f8-7d5a-4f0e-9a56-0c9a6f3f1b11';

export interface RunningAgent {
  readonly log: CapturedLog;
  /** Stops it; resolves with its exit code. */
  stop(): Promise<number>;
}

const IMPATIENT: PollTiming = {
  ...POLL_TIMING,
  startJitterMs: 0,
  failed: { firstMs: 10, capMs: 20 },
  refused: { firstMs: 20, capMs: 40 },
};

/** Starts it. */
export function startAgent(
  given: GivenOptions,
  timing: Partial<PollTiming> = {},
): RunningAgent {
  const log = captureLog();
  const stopping = new AbortController();
  const ended = runAgent(compileOptions({ edgeId: EDGE_ID, ...given }), {
    signal: stopping.signal,
    logger: log.logger,
    timing: { ...IMPATIENT, ...timing },
    lookTiming: { reachable: 200, unreachable: 20 },
  });
  return {
    log,
    stop() {
      stopping.abort();
      return ended;
    },
  };
}
