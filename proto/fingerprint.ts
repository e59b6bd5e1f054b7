/** Fingerprints of public keys: what join tokens pin and bindings name. */
import { createHash } from 'node:crypto';
import type { X509Certificate } from 'node:crypto';

/** SHA-256 over a public key in SPKI DER: 32 bytes. */
export function spkiSha256(spkiDer: Uint8Array): Buffer {
  return createHash('sha256').update(spkiDer).digest();
}

/** SHA-256 over the public key of a certificate: 32 bytes. It stays the same when the certificate is reissued for its key. */
export function certificateSpkiSha256(certificate: X509Certificate): Buffer {
  return spkiSha256(certificate.publicKey.export({ type: 'spki', format: 'der' }));
}

/** The fingerprint of a certificate's public key as it stands in join tokens: base64 with padding, 44 characters. */
export function certificateFingerprint(certificate: X509Certificate): string {
  return certificateSpkiSha256(certificate).toString('base64');
}

/** Reads a fingerprint. Returns its 32 bytes, or undefined where the text is no canonical base64 of 32 bytes. */
export function parseFingerprint(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === 32 && bytes.toString('base64') === text ? bytes : undefined;
}
