/** Makes the X.509 certificates of an installation: the tunnel's, the CA's, and the API's. Node reads them, but writes none. */
import { createHash, createPublicKey, randomBytes, sign, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import { bitString, explicit, implicit, integer, objectIdentifier, octetString, printableString, sequence, set, time, TRUE } from './der.ts';

const ECDSA_WITH_SHA256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'));
const COMMON_NAME = objectIdentifier('2.5.4.3');
const SERVER_AUTH = objectIdentifier('1.3.6.1.5.5.7.3.1');
/** The third version is written as 2. */
const VERSION = explicit(0, integer(Buffer.from([2])));
const DAY_MS = 86_400_000;

/** Devices without a clock boot in 1970, and what they pin must never end: RFC 5280's "no well-defined expiration". */
const ALWAYS = { notBefore: new Date(0), notAfter: new Date('9999-12-31T23:59:59Z') };

/** Of RFC 5280, 4.2.1. */
const EXTENSIONS = {
  subjectKeyIdentifier: objectIdentifier('2.5.29.14'),
  keyUsage: objectIdentifier('2.5.29.15'),
  subjectAlternativeName: objectIdentifier('2.5.29.17'),
  basicConstraints: objectIdentifier('2.5.29.19'),
  authorityKeyIdentifier: objectIdentifier('2.5.29.35'),
  extendedKeyUsage: objectIdentifier('2.5.29.37'),
} as const;

/** What it may be used for, by the bits of a KeyUsage. */
const signsHandshakes = critical('keyUsage', bitString(Buffer.from([0b1000_0000]), 7));
const signsCertificates = critical('keyUsage', bitString(Buffer.from([0b0000_0110]), 1));
const isNoCa = critical('basicConstraints', sequence());
/** Of leaves alone: a path length of 0. */
const isCa = critical('basicConstraints', sequence(TRUE, integer(Buffer.from([0]))));
const isServers = extension('extendedKeyUsage', sequence(SERVER_AUTH));

const signAsync = promisify(sign);

/** For how long the API's certificate is good, in days; browsers refuse more than 825, even from a CA that was installed by hand. */
export const LEAF_VALID_DAYS = 397;

/** A self-signed certificate for the tunnel port, good from 1970 to 9999. Returns PEM. */
export async function makeTunnelCertificate(key: KeyObject): Promise<string> {
  const subject = 'Homeport tunnel';
  return make({ ...ALWAYS, subject, issuer: subject, key, signingKey: key, extensions: [isNoCa, signsHandshakes, isServers, namesOf(['tunnel.homeport.internal'])] });
}

/** A CA of this installation alone, with a name no other has. Returns PEM. */
export async function makeCaCertificate(key: KeyObject): Promise<string> {
  const subject = `Homeport CA ${randomBytes(4).toString('hex')}`;
  return make({ ...ALWAYS, subject, issuer: subject, key, signingKey: key, extensions: [isCa, signsCertificates, extension('subjectKeyIdentifier', octetString(keyIdentifier(key)))] });
}

/** The CA's certificate for a server that answers to `names` (DNS names and IP addresses), good from a day ago. Returns PEM. */
export async function makeLeafCertificate(
  key: KeyObject,
  names: readonly string[],
  ca: { readonly certificatePem: string; readonly key: KeyObject },
  nowMs: number,
): Promise<string> {
  return make({
    notBefore: new Date(nowMs - DAY_MS),
    notAfter: new Date(nowMs + (LEAF_VALID_DAYS - 1) * DAY_MS),
    subject: 'Homeport',
    issuer: new X509Certificate(ca.certificatePem).subject.replace(/^CN=/, ''),
    key,
    signingKey: ca.key,
    extensions: [
      isNoCa,
      signsHandshakes,
      isServers,
      namesOf(names),
      extension('subjectKeyIdentifier', octetString(keyIdentifier(key))),
      extension('authorityKeyIdentifier', sequence(implicit(0, keyIdentifier(ca.key)))),
    ],
  });
}

async function make(parts: {
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Common names. */
  readonly subject: string;
  readonly issuer: string;
  readonly key: KeyObject;
  readonly signingKey: KeyObject;
  readonly extensions: readonly Buffer[];
}): Promise<string> {
  const { notBefore, notAfter, subject, issuer, key, signingKey, extensions } = parts;
  const content = sequence(
    VERSION,
    integer(serialNumber()),
    ECDSA_WITH_SHA256,
    commonName(issuer),
    sequence(time(notBefore), time(notAfter)),
    commonName(subject),
    publicHalf(key),
    explicit(3, sequence(...extensions)),
  );
  const certificate = sequence(content, ECDSA_WITH_SHA256, bitString(await signAsync('sha256', content, signingKey)));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function extension(name: keyof typeof EXTENSIONS, value: Buffer): Buffer {
  return sequence(EXTENSIONS[name], octetString(value));
}

/** One that who does not know it must refuse. */
function critical(name: keyof typeof EXTENSIONS, value: Buffer): Buffer {
  return sequence(EXTENSIONS[name], TRUE, octetString(value));
}

function commonName(text: string): Buffer {
  return sequence(set(sequence(COMMON_NAME, printableString(text))));
}

/** DNS names and IP addresses that it is made out to. */
function namesOf(names: readonly string[]): Buffer {
  return extension('subjectAlternativeName', sequence(...names.map((name) => (isIP(name) === 0 ? implicit(2, Buffer.from(name, 'latin1')) : implicit(7, addressBytes(name))))));
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  // In its shortest spelling, which has no dots.
  const [before = [], after] = new URL(`https://[${address}]`).hostname.slice(1, -1).split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const groups = after === undefined ? before : [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

/** As DER: what RFC 5280 calls SubjectPublicKeyInfo. */
function publicHalf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: 'spki', format: 'der' });
}

/** SHA-1 over the key's own bits (RFC 5280, 4.2.1.2), which of an uncompressed point on P-256 are the last 65 bytes. */
function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha1').update(publicHalf(key).subarray(-65)).digest();
}

/** Positive, 127 random bits. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}
