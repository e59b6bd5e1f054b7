/** What keeps an environment from its work now, told apart from what did once and is over. */
import type { Environment } from './environments.ts';

/** Each in words; null or none where all is well. */
export interface Troubles {
  /** Why its agent does not poll. */
  readonly polls: string | null;
  /** An agent that was turned away, and none was let in since. */
  readonly refused: string | null;
  /** Why its tunnel, which is wanted, does not open. */
  readonly tunnel: string | null;
  readonly past: readonly string[];
}

type Known = Pick<Environment, 'association' | 'heartbeat' | 'tunnel'>;

/** Sorts them out. */
export function troublesOf({ association: { lastRejected }, heartbeat, tunnel }: Known): Troubles {
  const { state, lastPolledAt } = heartbeat;
  const polls = heartbeat.lastFailure === null ? null : `${heartbeat.lastFailure.reason} at ${heartbeat.lastFailure.at}`;
  const refused = lastRejected === null ? null : `${lastRejected.reason}, from ${lastRejected.address} at ${lastRejected.at}`;
  const tunnelTrouble = tunnel.lastFailure === null ? null : `${tunnel.lastFailure.reason} at ${tunnel.lastFailure.at}: ${tunnel.lastFailure.detail}`;
  const isDown = state === 'down' || state === 'never';
  const isRefused = lastRejected !== null && lastRejected.at > (lastPolledAt ?? '');
  const isWanted = tunnel.state === 'required' || tunnel.state === 'opening';
  const past = [isDown ? null : polls, isRefused || refused === null ? null : `refused: ${refused}`, isWanted || tunnelTrouble === null ? null : `tunnel: ${tunnelTrouble}`];
  return {
    polls: isDown ? polls : null,
    refused: isRefused ? refused : null,
    tunnel: isWanted ? tunnelTrouble : null,
    past: past.filter((one) => one !== null),
  };
}
