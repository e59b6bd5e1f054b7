/** A fleet of real agents, each with an engine whose answers can be verified, in one process. */
import { fileURLToPath } from 'node:url';
import { startProcess } from '../child-process.ts';
import type { Ending, RunningProcess } from '../child-process.ts';

/** What the process is told first. */
export interface FleetOrder {
  /** For sockets and agents' files. */
  readonly folder: string;
  readonly agents: readonly FleetAgent[];
}

export interface FleetAgent {
  /** Made of letters and digits; also what its engine calls itself. */
  readonly name: string;
  readonly edgeId: string;
  /** The join token. */
  readonly edgeKey: string;
}

export interface FleetReport {
  /** The number it was asked for by. */
  readonly report: number;
  /** By agent: how many connections its engine has from others than itself. */
  readonly engineConnections: readonly number[];
}

export interface AgentFleet {
  readonly process: RunningProcess;
  report(): Promise<FleetReport>;
  /** What agents said that is more than news: pino's lines of level warn and above. */
  complaints(): readonly string[];
  /** Agents take their leave; resolves when the process has ended. */
  stop(): Promise<Ending>;
}

const PROCESS = fileURLToPath(new URL('./fleet-process.ts', import.meta.url));

/** Starts them. Whoever starts a fleet stops it. */
export function startAgentFleet(order: FleetOrder): AgentFleet {
  const fleet = startProcess(process.execPath, [PROCESS]);
  fleet.write(`${JSON.stringify(order)}\n`);
  let reports = 0;
  return {
    process: fleet,
    async report() {
      reports += 1;
      fleet.write(`${reports}\n`);
      const [line] = await fleet.waitFor(new RegExp(`^\\{"report":${reports},.*\\}$`, 'm'));
      return JSON.parse(line) as FleetReport;
    },
    complaints: () =>
      fleet
        .stderr()
        .split('\n')
        .filter((line) => /^\{"level":[456]0/.test(line)),
    stop() {
      fleet.endInput();
      return fleet.ended;
    },
  };
}
