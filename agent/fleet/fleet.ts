/** A fleet of simulated agents in processes of their own: the one door for whoever runs one. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createAttemptRate } from './attempt-rate.ts';
import type { FleetAgent, FleetAnswer, FleetQuestion, FleetTrust, WorkerFigures } from './fleet-messages.ts';
import { latencyQuantile } from './latency-histogram.ts';

export type { FleetAgent, FleetTrust } from './fleet-messages.ts';

/** Beyond so many agents a process spends its time collecting garbage. */
const AGENTS_PER_PROCESS = 5000;
/** A small nursery: what the agents' idle connections leave there for long costs more memory than collecting it often costs time. */
const EXEC_ARGV = ['--max-semi-space-size=8'];
/** Of a process's file descriptors, for all but its agents' connections: tunnels among them. */
const OTHER_DESCRIPTORS = 200;

/** What a fleet did in a period, and how it stands at its end. */
export interface FleetFigures {
  readonly seconds: number;
  readonly agents: number;
  /** Whose polls are being answered, now. */
  readonly connected: number;
  readonly polls: number;
  readonly answers: number;
  readonly pollsPerSecond: number;
  /** From a poll to its answer, in milliseconds; null where none was answered. */
  readonly pollMs: { readonly p50: number | null; readonly p99: number | null };
  /** By the control plane's reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Connections that did not come about or were lost, by reason. */
  readonly failed: Readonly<Record<string, number>>;
  /** In the fullest five seconds that ended in the period. */
  readonly attemptsPerSecond: number;
  /** At the socket, both ways: TLS's bytes, without TCP's and IP's headers. */
  readonly bytesPerSecondPerAgent: number;
  readonly tunnelsOpened: number;
  readonly snapshotsBrought: number;
}

/** Simulated agents in processes of their own. */
export interface Fleet {
  /** The figures since the last call, and since the start. Rejects where a process has ended by itself. */
  figures(): Promise<{ readonly period: FleetFigures; readonly total: FleetFigures }>;
  /** Rejects when a process ends by itself; never resolves. */
  readonly broken: Promise<never>;
  /** Agents say goodbye; resolves when the processes have ended. */
  stop(): Promise<void>;
}

const workerFile = new URL(import.meta.url.endsWith('.ts') ? './fleet-worker.ts' : './fleet-worker.js', import.meta.url);

/** Starts the agents, who join one by one over `joinMs`. */
export async function startFleet(options: { readonly agents: readonly FleetAgent[]; readonly trust: FleetTrust; readonly joinMs: number }): Promise<Fleet> {
  const { agents, trust, joinMs } = options;
  const count = Math.ceil(agents.length / Math.min(AGENTS_PER_PROCESS, agentsPerDescriptors()));
  const { promise: broken, reject: break_ } = Promise.withResolvers<never>();
  broken.catch(() => undefined);
  let isStopping = false;
  const workers = Array.from({ length: count }, () => {
    const worker = fork(workerFile, { execArgv: [...process.execArgv, ...EXEC_ARGV], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    worker.once('exit', (code, signal) => {
      if (!isStopping) break_(new Error(`a process of the fleet ended by itself (${signal ?? String(code)})`));
    });
    return worker;
  });
  const ask = (worker: ChildProcess, question: FleetQuestion): Promise<FleetAnswer> => {
    worker.send(question);
    return Promise.race([once(worker, 'message').then(([answer]) => answer as FleetAnswer), broken]);
  };

  const startedMs = performance.now();
  const attempts = createAttemptRate();
  let highest = 0;
  let last: Sum = sumOf([]);
  let lastMs = startedMs;
  await Promise.all(workers.map((worker, index) => ask(worker, { kind: 'run', order: { agents: agents.filter((_, at) => at % count === index), trust, joinMs } })));

  return {
    broken,
    async figures() {
      const answers = await Promise.all(workers.map((worker) => ask(worker, { kind: 'figures' })));
      const workersFigures = answers.flatMap((answer) => (answer.kind === 'figures' ? [answer.figures] : []));
      const now = sumOf(workersFigures);
      const nowMs = performance.now();
      for (const figures of workersFigures) attempts.add(figures.attempts);
      const attemptsPerSecond = attempts.takeHighest(Date.now());
      highest = Math.max(highest, attemptsPerSecond);
      const period = figuresOf({ now, before: last, ms: nowMs - lastMs, agents: agents.length, attemptsPerSecond });
      const total = figuresOf({ now, before: sumOf([]), ms: nowMs - startedMs, agents: agents.length, attemptsPerSecond: highest });
      last = now;
      lastMs = nowMs;
      return { period, total };
    },
    async stop() {
      isStopping = true;
      await Promise.all(
        workers.map(async (worker) => {
          if (worker.exitCode !== null || worker.signalCode !== null) return;
          const exited = once(worker, 'exit');
          await Promise.race([ask(worker, { kind: 'stop' }).catch(() => undefined), exited]);
          if (worker.connected) worker.disconnect();
          await exited;
        }),
      );
    },
  };
}

interface Sum {
  readonly connected: number;
  readonly polls: number;
  readonly answers: number;
  readonly tunnelsOpened: number;
  readonly snapshotsBrought: number;
  readonly bytes: number;
  readonly refused: Readonly<Record<string, number>>;
  readonly failed: Readonly<Record<string, number>>;
  readonly latencies: readonly number[];
}

function sumOf(workers: readonly WorkerFigures[]): Sum {
  const sum = (pick: (figures: WorkerFigures) => number): number => workers.reduce((total, figures) => total + pick(figures), 0);
  const all = workers.map(({ counts }) => counts);
  return {
    connected: sum(({ counts }) => counts.connected),
    polls: sum(({ counts }) => counts.polls),
    answers: sum(({ counts }) => counts.answers),
    tunnelsOpened: sum(({ counts }) => counts.tunnelsOpened),
    snapshotsBrought: sum(({ counts }) => counts.snapshotsBrought),
    bytes: sum(({ bytes }) => bytes),
    refused: added(all.map(({ refused }) => refused)),
    failed: added(all.map(({ failed }) => failed)),
    latencies: Array.from(all[0]?.latencies ?? [], (_, bucket) => all.reduce((total, { latencies }) => total + (latencies[bucket] ?? 0), 0)),
  };
}

function added(records: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const [reason, count] of records.flatMap((record) => Object.entries(record))) sum[reason] = (sum[reason] ?? 0) + count;
  return sum;
}

function figuresOf({ now, before, ms, agents, attemptsPerSecond }: { readonly now: Sum; readonly before: Sum; readonly ms: number; readonly agents: number; readonly attemptsPerSecond: number }): FleetFigures {
  const seconds = ms / 1000;
  const latencies = now.latencies.map((count, bucket) => count - (before.latencies[bucket] ?? 0));
  const since = (later: Readonly<Record<string, number>>, earlier: Readonly<Record<string, number>>): Record<string, number> =>
    Object.fromEntries(Object.entries(later).map(([reason, count]) => [reason, count - (earlier[reason] ?? 0)] as const).filter(([, count]) => count > 0));
  return {
    seconds: rounded(seconds),
    agents,
    connected: now.connected,
    polls: now.polls - before.polls,
    answers: now.answers - before.answers,
    pollsPerSecond: rounded((now.polls - before.polls) / seconds),
    pollMs: { p50: latencyQuantile(latencies, 0.5), p99: latencyQuantile(latencies, 0.99) },
    refused: since(now.refused, before.refused),
    failed: since(now.failed, before.failed),
    attemptsPerSecond: rounded(attemptsPerSecond),
    bytesPerSecondPerAgent: rounded((now.bytes - before.bytes) / seconds / agents),
    tunnelsOpened: now.tunnelsOpened - before.tunnelsOpened,
    snapshotsBrought: now.snapshotsBrought - before.snapshotsBrought,
  };
}

function rounded(value: number): number {
  return Number(value.toFixed(1));
}

/** Node raises its own limit as far as it may; beyond that only the system's helps. */
function agentsPerDescriptors(): number {
  const report = process.report.getReport() as { readonly userLimits?: { readonly open_files?: { readonly soft?: number | string } } };
  const limit = report.userLimits?.open_files?.soft;
  return typeof limit === 'number' ? Math.max(1, limit - OTHER_DESCRIPTORS) : AGENTS_PER_PROCESS;
}
