/** Counts an agent's polls, so that the control plane can tell exactly which of them it never recorded. */
import { randomBytes } from 'node:crypto';

export interface PollLedger {
  /** Random, made once per start of the agent: sequence numbers count within it, over all its connections. */
  readonly instanceId: string;
  /** The number of a poll that is being made now, on a live call. Each is given once, from 1. */
  next(): number;
  /** The highest sequence that is confirmed as durably recorded; 0 where none. */
  readonly confirmed: number;
  /** An answer names a sequence as recorded. */
  confirm(sequence: number): void;
}

/** Opens the ledger of one agent's life. */
export function createPollLedger(): PollLedger {
  let made = 0;
  let confirmed = 0;
  return {
    instanceId: randomBytes(16).toString('hex'),
    next: () => (made += 1),
    get confirmed() {
      return confirmed;
    },
    confirm(sequence) {
      confirmed = Math.min(Math.max(confirmed, sequence), made);
    },
  };
}
