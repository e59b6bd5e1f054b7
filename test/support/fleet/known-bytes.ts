/** Bytes that both ends can make for themselves: whoever gets them can say whether they are right and whole. */
import { createCipheriv, createHash } from 'node:crypto';

/** So many bytes that look random; the same for the same name. */
export function knownBytes(name: string, length: number): Buffer {
  const key = createHash('sha256').update(name).digest().subarray(0, 16);
  return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

/** SHA-256, in hex. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
