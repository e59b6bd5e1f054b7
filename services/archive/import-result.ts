/** What an import did. */
import type { LogProblem } from '../event-store/log-verification.ts';

/** A log that was brought over as it was. */
export interface ImportedLog {
  readonly events: number;
  readonly streams: number;
  readonly lastPosition: number;
  /** What the record it came from had wrong already. */
  readonly problem: LogProblem | undefined;
}

export interface ImportResult {
  readonly events: number;
  readonly streams: number;
  /** Events that an earlier run had imported already. */
  readonly before: number;
  /** Whether positions, revisions and the chain are those of the store it came from, and checkpoints hold. */
  readonly isAsItWas: boolean;
  /** Streams that begin at 0 now, and at which revision they began in the export: what was before it had expired, or was left out. */
  readonly renumbered: readonly { readonly stream: string; readonly from: number }[];
  /** Streams whose metadata came along. */
  readonly metadata: number;
  /** Events of the other server's own streams ($…), which stayed there. */
  readonly leftOut: number;
  /** With `isAsItWas`: what the record it came from had wrong already. */
  readonly problem: LogProblem | undefined;
}
