/** The public name of a channel, which gives away nothing of its token. */
import { createHash } from 'node:crypto';

/** The first 8 bytes of SHA-256 over the dial's token, in hex. */
export function channelId(token: Uint8Array): string {
  return createHash('sha256').update(token).digest().subarray(0, 8).toString('hex');
}
