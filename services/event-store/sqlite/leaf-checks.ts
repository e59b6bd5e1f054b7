/**
 * The first bytes of each leaf hash, kept beside a group's root: where the root does not fit, they tell which event it is. They
 * prove nothing by themselves: whoever alters an event can alter them too, and then the group is named instead of the event.
 */
import type { Digest } from './merkle.ts';

/** Of each event. That an altered one passes by chance is one in four thousand million. */
export const checkBytes = 4;

/** The check of one event, as {@link Digest} text. */
export function checkOf(leaf: Digest): string {
  return leaf.slice(0, checkBytes);
}

/** A group's checks, by position, as they are stored. An event whose leaf is not known any more has zeros. */
export function packChecks(leaves: readonly (Digest | undefined)[]): Uint8Array {
  const nothing = '\0'.repeat(checkBytes);
  return Buffer.from(leaves.map((leaf) => (leaf === undefined ? nothing : checkOf(leaf))).join(''), 'latin1');
}

/** The check at an index of a group; undefined where none is kept. */
export function checkAt(checks: string, index: number): string | undefined {
  const check = checks.slice(index * checkBytes, (index + 1) * checkBytes);
  return check.length === checkBytes ? check : undefined;
}
