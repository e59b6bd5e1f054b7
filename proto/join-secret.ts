/** The join secret: derived from the installation key, so that it is stored nowhere and can be shown again at will. */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Bytes of a join secret. */
export const JOIN_SECRET_BYTES = 32;

/**
 * HMAC-SHA256(installation key, id ‖ 0x00 ‖ token version in decimal). Raising the version makes another secret, which is
 * how a token is rotated.
 */
export function deriveJoinSecret(installationKey: Uint8Array, environmentId: string, tokenVersion: number): Buffer {
  return createHmac('sha256', installationKey).update(`${environmentId}\0${tokenVersion}`, 'utf8').digest();
}

/** Compares a presented secret with the right one, in a time that does not depend on where they differ. */
export function isJoinSecret(presented: Uint8Array, right: Uint8Array): boolean {
  return presented.length === right.length && timingSafeEqual(presented, right);
}
