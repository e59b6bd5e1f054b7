/** Judges the join secret that an agent brings. */
import { timingSafeEqual } from 'node:crypto';

/** Versions back to which a former secret is told from a wrong one. */
const formerVersions = 64;

/** Compares in constant time; `secretOf` is the join secret at a version of the environment's join token. */
export function judgeJoinSecret(given: Uint8Array, version: number, secretOf: (version: number) => Uint8Array): 'good' | 'token-rotated' | 'wrong-join-secret' {
  if (isSame(given, secretOf(version))) return 'good';
  for (let former = version - 1; former >= Math.max(1, version - formerVersions); former--) {
    if (isSame(given, secretOf(former))) return 'token-rotated';
  }
  return 'wrong-join-secret';
}

function isSame(given: Uint8Array, right: Uint8Array): boolean {
  return given.length === right.length && timingSafeEqual(given, right);
}
