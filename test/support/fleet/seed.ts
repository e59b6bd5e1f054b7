/** Where the dice of a random test come from: a seed that is printed where the test fails, and can be given again. */
import { randomInt } from 'node:crypto';

/** Set, such as HOMEPORT_TEST_SEED=7, the dice fall as they did then. */
const VARIABLE = 'HOMEPORT_TEST_SEED';

/** A whole number from 0 to below `bound`. */
export type Dice = (bound: number) => number;

/** The seed of this run: given, or another each time. */
export function takeSeed(): number {
  const given = process.env[VARIABLE];
  return given === undefined || given === '' ? randomInt(2 ** 31) : Number(given);
}

/** How a run is made again, for messages. */
export function again(seed: number): string {
  return `again with ${VARIABLE}=${seed}`;
}

/** mulberry32: small, and the same everywhere. Different names give dice of their own, which others' throws don't change. */
export function createDice(seed: number, name: string): Dice {
  let state = Buffer.from(name).reduce((mixed, byte) => Math.imul(mixed ^ byte, 0x01000193), seed ^ 0x811c9dc5) >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

/** One of them. */
export function pick<Item>(dice: Dice, items: readonly [Item, ...Item[]]): Item {
  return items[dice(items.length)] ?? items[0];
}
