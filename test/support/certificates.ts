/** Certificates of nobody in particular, for men in the middle and fake servers. */
import { generateKeyPairSync } from 'node:crypto';
import { makeCaCertificate, makeLeafCertificate } from '../../services/control-plane/tls/make-certificate.ts';

/** A CA and a leaf of it, all PEM. */
export interface ServerCertificate {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

let shared: Promise<ServerCertificate> | undefined;

/** One for all specs of a process to which it is all the same which one they have. */
export function aServerCertificate(): Promise<ServerCertificate> {
  return (shared ??= makeServerCertificate());
}

/** A fresh CA and a leaf of it for these names. */
export async function makeServerCertificate(names: readonly string[] = ['localhost', '127.0.0.1']): Promise<ServerCertificate> {
  const caKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ca = await makeCaCertificate(caKey);
  const leaf = await makeLeafCertificate(privateKey, names, { certificatePem: ca, key: caKey }, Date.now());
  return { ca, cert: `${leaf}${ca}`, key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() };
}
