/** The tunnel identity: the key and certificate of the tunnel port, whose fingerprint every join token pins. */
import { X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { certificateFingerprint } from '../../../proto/fingerprint.ts';
import { keyPem, loadOrMakeKey, readIfPresent, tlsFolder, writeWhole } from './key-files.ts';

/** What the tunnel port shows, and what signs bindings. */
export interface TunnelIdentity {
  /** Self-signed, good from 1970 to 9999. */
  readonly certificatePem: string;
  readonly keyPem: string;
  readonly key: KeyObject;
  /** SHA-256 over the SPKI, base64. */
  readonly fingerprint: string;
}

/**
 * Reads the identity from `tls/tunnel.key` (0600) and `tls/tunnel.pem`, or makes it, once and for all: losing the key means
 * that every agent needs a new join token. The certificate alone can be made again, for the fingerprint is the key's.
 * Throws the system's errors where the folder can't be read or written.
 */
export async function loadTunnelIdentity(dataDir: string): Promise<TunnelIdentity> {
  const key = loadOrMakeKey(join(tlsFolder(dataDir), 'tunnel.key'));
  const path = join(tlsFolder(dataDir), 'tunnel.pem');
  const stored = readIfPresent(path);
  const isUsable = stored !== undefined && new X509Certificate(stored).checkPrivateKey(key);
  const certificatePem = isUsable ? stored : await makeAndKeep(key, path);
  return { certificatePem, keyPem: keyPem(key), key, fingerprint: certificateFingerprint(new X509Certificate(certificatePem)) };
}

async function makeAndKeep(key: KeyObject, path: string): Promise<string> {
  const { makeTunnelCertificate } = await import('./make-certificate.ts');
  const pem = await makeTunnelCertificate(key);
  writeWhole(path, pem, 0o644);
  return pem;
}
