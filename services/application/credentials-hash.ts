/** What the record holds of tunnel credentials' secret. */
import { createHash } from 'node:crypto';

/** SHA-256, base64. */
export function hashOfSecret(secret: Uint8Array): string {
  return createHash('sha256').update(secret).digest('base64');
}
