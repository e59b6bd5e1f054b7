/** What the writer is asked to do, and what it answers. */
import type { ExpectedRevision, NewEvent } from '../port.ts';

export type OperationKind = 'append' | 'soft-delete' | 'tombstone';

/** A change of one stream. */
export interface Operation {
  readonly kind: OperationKind;
  readonly stream: string;
  readonly expectedRevision: ExpectedRevision;
  /** With `append`: what to append. A deletion brings the one event that it writes, of which only the id counts. */
  readonly events: readonly NewEvent[];
}

/** Where an operation's last event stands. */
export interface OperationResult {
  readonly revision: number;
  readonly position: number;
}
