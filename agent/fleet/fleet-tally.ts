/** What the agents of one process count together. */
import { CONNECT_ADVICE } from '../connection/connect-failure.ts';
import { createLatencyHistogram } from './latency-histogram.ts';

/** What was counted since the start, but for `connected`, which is now. */
export interface FleetCounts {
  readonly connected: number;
  readonly polls: number;
  readonly answers: number;
  /** By the control plane's reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Connections that did not come about or were lost, by reason. */
  readonly failed: Readonly<Record<string, number>>;
  /** Of the time from a poll to its answer: see latency-histogram.ts. */
  readonly latencies: readonly number[];
  readonly tunnelsOpened: number;
  readonly snapshotsBrought: number;
}

/** Counts what the agents of one process meet with. */
export interface FleetTally {
  connected(): void;
  disconnected(): void;
  polled(): void;
  answered(afterMs: number | undefined): void;
  /** A refusal's reason, or why there is no connection. */
  trouble(code: string): void;
  tunnelOpened(): void;
  snapshotBrought(): void;
  counts(): FleetCounts;
}

const FAILURES: ReadonlySet<string> = new Set([...Object.keys(CONNECT_ADVICE), 'connection-lost', 'polls-unanswered', 'control-plane-stopping']);

/** Creates the tally; all its figures begin at 0. */
export function createFleetTally(): FleetTally {
  const latencies = createLatencyHistogram();
  const refused: Record<string, number> = {};
  const failed: Record<string, number> = {};
  let [connected, polls, answers, tunnelsOpened, snapshotsBrought] = [0, 0, 0, 0, 0];
  return {
    connected() {
      connected++;
    },
    disconnected() {
      connected--;
    },
    polled() {
      polls++;
    },
    answered(afterMs) {
      answers++;
      if (afterMs !== undefined) latencies.record(afterMs);
    },
    trouble(code) {
      const counts = FAILURES.has(code) ? failed : refused;
      counts[code] = (counts[code] ?? 0) + 1;
    },
    tunnelOpened() {
      tunnelsOpened++;
    },
    snapshotBrought() {
      snapshotsBrought++;
    },
    counts: () => ({ connected, polls, answers, refused: { ...refused }, failed: { ...failed }, latencies: latencies.counts(), tunnelsOpened, snapshotsBrought }),
  };
}
