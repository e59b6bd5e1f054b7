/** Signed checkpoints of the record. */
import type { SignedCheckpoint } from '../../domain/checkpoint.ts';
import type { Position } from '../../event-store/port.ts';
import type { CommandContext } from './command-context.ts';

/** Both throw `checkpoints-not-kept` where the store has no chain. */
export interface Checkpoints {
  /**
   * Signs where the log stands and records that; where nothing was recorded since the last checkpoint, answers that one. `position` is the
   * event's own. Throws event-store-unavailable, and conflict in an empty log.
   */
  sign(context: CommandContext): Promise<{ readonly checkpoint: SignedCheckpoint; readonly position: Position }>;
  /** From the one with this number on: the first by default, or where `newestFirst`, the last. `next` is the number to go on with, or null at the end. */
  list(query: { readonly limit: number; readonly from?: number; readonly newestFirst?: boolean }): Promise<{ readonly checkpoints: readonly SignedCheckpoint[]; readonly next: number | null; readonly total: number }>;
}
