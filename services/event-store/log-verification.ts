/** What the verification of a log, or of an export, finds. */

/** An event, as far as it is known. */
export interface NamedEvent {
  readonly position: number;
  readonly stream?: string;
  readonly revision?: number;
  readonly type?: string;
  readonly id?: string;
}

/**
 * altered, missing, inserted, reordered: what happened to an event, or to one of a range of them.
 * chain: a group's root, or its place in the chain, is not what was recorded.
 * bookkeeping: what the store keeps beside the events was altered; the events are as recorded.
 * checkpoint: a signed checkpoint does not fit. file: the file itself is damaged.
 */
export type LogProblemKind = 'altered' | 'missing' | 'inserted' | 'reordered' | 'chain' | 'bookkeeping' | 'checkpoint' | 'file';

export interface LogProblem {
  readonly kind: LogProblemKind;
  /** For people, one sentence. */
  readonly message: string;
  /** The first event concerned, where it can be known. */
  readonly event?: NamedEvent;
  /** Else the positions among which it is, both inclusive. */
  readonly positions?: readonly [first: number, last: number];
}

export interface LogVerification {
  /** Groups in the chain. */
  readonly groups: number;
  /** Events that are there. */
  readonly events: number;
  /** Groups whose root was recomputed from their events, or from the leaf hashes of those scavenged. */
  readonly recomputed: number;
  /** Groups of an expiring category that are gone, wholly or in part: only their place in the chain can be checked. */
  readonly expired: number;
  /** The last position of the chain; 0 in an empty log. */
  readonly lastPosition: number;
  /** What is wrong, in the order of the log; empty where all is well. At most {@link maxProblems}. */
  readonly problems: readonly LogProblem[];
  /** The chain's hash after the last group, in hexadecimal. */
  readonly chain: string;
}

/** Where so much is wrong, more says nothing new. */
export const maxProblems = 100;

/** How far a verification has come, in positions. */
export type OnProgress = (done: number, total: number) => void;

/** Such as `the event at position 7 (environment-a@2, EnvironmentRenamed, id …)`. */
export function nameEvent({ position, stream, revision, type, id }: NamedEvent): string {
  const known = [stream === undefined ? undefined : `${stream}@${String(revision)}`, type, id === undefined ? undefined : `id ${id}`].filter((part) => part !== undefined);
  return `the event at position ${position}${known.length === 0 ? '' : ` (${known.join(', ')})`}`;
}
