/** A logger whose lines a test can wait for. */
import { pino } from 'pino';
import type { Logger } from 'pino';
import { createArrivals } from './arrivals.ts';
import type { Arrivals } from './arrivals.ts';

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly code?: string;
  readonly detail?: string;
}

export interface CapturedLog {
  readonly logger: Logger;
  readonly lines: Arrivals<LogLine>;
  /** All that was written, as it would stand in a file. */
  text(): string;
}

/** Creates a logger that keeps all it is told, down to trace. */
export function captureLog(): CapturedLog {
  const lines = createArrivals<LogLine>();
  const written: string[] = [];
  const logger = pino(
    { level: 'trace' },
    {
      write(line: string) {
        written.push(line);
        lines.add(JSON.parse(line) as LogLine);
      },
    },
  );
  return { logger, lines, text: () => written.join('') };
}
