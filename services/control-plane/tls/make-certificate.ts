/** Makes the X.509 certificates of an installation: the tunnel's, the CA's, and the API's. */
import 'reflect-metadata';
import { createPublicKey, randomBytes, webcrypto } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Extension } from '@peculiar/x509';

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

/** Devices without a clock boot in 1970, and what they pin must never end: RFC 5280's "no well-defined expiration". */
const ALWAYS = { notBefore: new Date(0), notAfter: new Date('9999-12-31T23:59:59Z') };

/** For how long the API's certificate is good, in days; browsers refuse more than 825, even from a CA that was installed by hand. */
export const LEAF_VALID_DAYS = 397;

/** A self-signed certificate for the tunnel port, good from 1970 to 9999. Returns PEM. */
export async function makeTunnelCertificate(key: KeyObject): Promise<string> {
  return make({
    ...ALWAYS,
    name: 'CN=Homeport tunnel',
    issuer: 'CN=Homeport tunnel',
    publicKey: await verifyingKey(key),
    signingKey: await signingKey(key),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension([{ type: 'dns', value: 'tunnel.homeport.internal' }]),
    ],
  });
}

/** A CA of this installation alone, with a name no other has. Returns PEM. */
export async function makeCaCertificate(key: KeyObject): Promise<string> {
  const name = `CN=Homeport CA ${randomBytes(4).toString('hex')}`;
  const publicKey = await verifyingKey(key);
  return make({
    ...ALWAYS,
    name,
    issuer: name,
    publicKey,
    signingKey: await signingKey(key),
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(publicKey, false, webcrypto),
    ],
  });
}

/** The CA's certificate for a server that answers to `names` (DNS names and IP addresses), good from a day ago. Returns PEM. */
export async function makeLeafCertificate(
  key: KeyObject,
  names: readonly string[],
  ca: { readonly certificatePem: string; readonly key: KeyObject },
  nowMs: number,
): Promise<string> {
  const publicKey = await verifyingKey(key);
  return make({
    notBefore: new Date(nowMs - DAY_MS),
    notAfter: new Date(nowMs + (LEAF_VALID_DAYS - 1) * DAY_MS),
    name: 'CN=Homeport',
    issuer: new X509Certificate(ca.certificatePem).subject,
    publicKey,
    signingKey: await signingKey(ca.key),
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(names.map((value) => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }))),
      await SubjectKeyIdentifierExtension.create(publicKey, false, webcrypto),
      await AuthorityKeyIdentifierExtension.create(await verifyingKey(ca.key), false, webcrypto),
    ],
  });
}

async function make(parts: {
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly name: string;
  readonly issuer: string;
  readonly publicKey: webcrypto.CryptoKey;
  readonly signingKey: webcrypto.CryptoKey;
  readonly extensions: Extension[];
}): Promise<string> {
  const { name, ...rest } = parts;
  const certificate = await X509CertificateGenerator.create(
    { ...rest, subject: name, signingAlgorithm: ECDSA, serialNumber: serialNumber() },
    webcrypto,
  );
  return `${certificate.toString('pem')}\n`;
}

/** Positive, 127 random bits. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

async function signingKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }), ECDSA, true, ['sign']);
}

async function verifyingKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey('spki', createPublicKey(key).export({ type: 'spki', format: 'der' }), ECDSA, true, ['verify']);
}
