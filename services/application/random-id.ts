/** Ids that stand in stream names, paths and subjects. */
import { randomBytes } from 'node:crypto';

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** 12 characters of [a-z0-9]: 62 random bits. */
export function randomId(): string {
  let id = '';
  while (id.length < 12) {
    for (const byte of randomBytes(16)) {
      // Bytes past the last whole multiple of 36 would favour some letters.
      if (byte < 252 && id.length < 12) id += letters[byte % letters.length] ?? '';
    }
  }
  return id;
}
