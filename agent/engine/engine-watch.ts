/** Looks at the engine now and then, so that polls report what is there. */
import { arch, hostname, platform } from 'node:os';
import type { AgentHello } from '../../proto/generated/homeport/poll/v1/poll.ts';
import type { Notices } from '../notices.ts';
import { readEngine } from './engine-report.ts';
import type { EngineReport } from './engine-report.ts';
import { engineTrouble } from './engine-trouble.ts';

/** How often a reachable and an unreachable engine are looked at, in milliseconds. */
export interface LookTiming {
  readonly reachable: number;
  readonly unreachable: number;
}

const EVERY_MS: LookTiming = { reachable: 60_000, unreachable: 5_000 };

/** The part of a hello that describes the node. */
export type NodeReport = Pick<AgentHello, 'node' | 'platform' | 'engine' | 'swarm'>;

export interface EngineWatch {
  /** What was seen last; without an engine until it answered once. */
  report(): NodeReport;
  /** Resolves after the first look. */
  readonly firstLook: Promise<void>;
  stop(): void;
}

/** Starts looking. `changed` is called when there is something else to report than at the look before. */
export function watchEngine(options: {
  readonly socketPath: string;
  readonly notices: Notices;
  readonly changed: () => void;
  readonly everyMs?: LookTiming;
}): EngineWatch {
  const { socketPath, notices, changed, everyMs = EVERY_MS } = options;
  const stopping = new AbortController();
  let report: NodeReport = { node: hostname(), platform: machinePlatform(), engine: undefined, swarm: undefined };
  let timer: NodeJS.Timeout | undefined;

  const look = async (): Promise<void> => {
    const seen = await see(report);
    if (stopping.signal.aborted) return;
    timer = setTimeout(() => void look(), seen.engine === undefined ? everyMs.unreachable : everyMs.reachable);
    const isNews = JSON.stringify(seen) !== JSON.stringify(report);
    report = seen;
    if (isNews) changed();
  };

  /** An engine that is away takes nothing with it but itself: the node stays the node. */
  const see = async (before: NodeReport): Promise<NodeReport> => {
    try {
      const found: EngineReport = await readEngine(socketPath, stopping.signal);
      notices.fine('engine', 'the engine answers on its socket');
      return { ...found, node: found.node === '' ? before.node : found.node };
    } catch (error) {
      const { code, advice, detail } = engineTrouble(error);
      if (!stopping.signal.aborted) notices.trouble('engine', code, `${advice}; polling goes on`, { socketPath, detail });
      return { ...before, engine: undefined };
    }
  };

  return {
    report: () => report,
    firstLook: look(),
    stop() {
      stopping.abort();
      clearTimeout(timer);
    },
  };
}

function machinePlatform(): string {
  const architecture = arch();
  return `${platform()}/${architecture === 'x64' ? 'amd64' : architecture}`;
}
