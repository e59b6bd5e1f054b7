/** The installation CA: what clients of a self-signed installation trust, so that its leaf can be reissued under them. */
import { X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { loadOrMakeKey, readIfPresent, tlsFolder, writeWhole } from './key-files.ts';

/** A CA with its key. */
export interface InstallationCa {
  readonly certificatePem: string;
  readonly key: KeyObject;
}

/** Where clients find the certificate to trust. */
export function caCertificatePath(dataDir: string): string {
  return join(tlsFolder(dataDir), 'ca.pem');
}

/** Reads the CA from `tls/ca.key` (0600) and `tls/ca.pem`, or makes it. Throws the system's errors. */
export async function loadInstallationCa(dataDir: string): Promise<InstallationCa> {
  const key = loadOrMakeKey(join(tlsFolder(dataDir), 'ca.key'));
  const path = caCertificatePath(dataDir);
  const stored = readIfPresent(path);
  if (stored !== undefined && new X509Certificate(stored).checkPrivateKey(key)) return { certificatePem: stored, key };
  const { makeCaCertificate } = await import('./make-certificate.ts');
  const certificatePem = await makeCaCertificate(key);
  writeWhole(path, certificatePem, 0o644);
  return { certificatePem, key };
}
