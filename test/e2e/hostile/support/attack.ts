/** What an attack is: something that strangers may do to a port, by the dice. */
import type { Dice } from '../../../support/fleet/seed.ts';
import { knownBytes } from '../../../support/fleet/known-bytes.ts';

export interface Door {
  readonly port: number;
  /** The gRPC methods behind it. */
  readonly paths: readonly [string, ...string[]];
}

/** One connection, from beginning to end; takes seconds at most. */
export type Attack = (door: Door, dice: Dice) => Promise<void>;

/** By what is done. */
export type Attacks = Readonly<Record<string, Attack>>;

/** So many bytes, whichever. */
export function bytesBy(dice: Dice, length: number): Buffer {
  return knownBytes(String(dice(2 ** 31)), length);
}
