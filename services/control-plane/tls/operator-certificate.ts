/** The API's certificate where the operator brings one: --tls-cert and --tls-key. */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { certificateSpkiSha256 } from '../../../proto/fingerprint.ts';
import { isPubliclyTrusted } from './public-trust.ts';
import type { ServedCertificate } from './served-certificate.ts';

export type OperatorCertificateErrorCode = 'tls-file-unreadable' | 'tls-certificate-malformed' | 'tls-key-malformed' | 'tls-key-mismatch';

/** Thrown for files that can't be used. The message names the file and says what to do. */
export class OperatorCertificateError extends Error {
  override readonly name = 'OperatorCertificateError';
  readonly code: OperatorCertificateErrorCode;

  constructor(code: OperatorCertificateErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** Where the operator's pair is. */
export interface OperatorFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** What is in these files. */
export interface OperatorTexts {
  readonly certificate: string;
  readonly key: string;
}

/** A pair that fits. */
export interface OperatorCertificate extends ServedCertificate {
  readonly isPublic: boolean;
}

/** Throws {@link OperatorCertificateError} `tls-file-unreadable`. */
export async function readOperatorFiles({ certFile, keyFile }: OperatorFiles): Promise<OperatorTexts> {
  return { certificate: await read('--tls-cert', certFile), key: await read('--tls-key', keyFile) };
}

/** Judges a PEM certificate (leaf first, intermediates after it) and its key; the files' names are for the error's words. Throws {@link OperatorCertificateError}. */
export function operatorCertificateOf(texts: OperatorTexts, { certFile, keyFile }: OperatorFiles): OperatorCertificate {
  const key = readKey(texts.key, keyFile);
  const certificate = readCertificate(texts.certificate, certFile);
  if (!certificate.checkPrivateKey(key)) {
    throw new OperatorCertificateError(
      'tls-key-mismatch',
      `--tls-key ${keyFile} is not the key of the first certificate in --tls-cert ${certFile}; give the pair, the server's own certificate first`,
    );
  }
  return {
    certificatePem: texts.certificate,
    keyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    spkiSha256: certificateSpkiSha256(certificate),
    isPublic: isPubliclyTrusted(texts.certificate),
  };
}

async function read(flag: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new OperatorCertificateError('tls-file-unreadable', `${flag} ${path} cannot be read (${reason}); give a readable PEM file`, error);
  }
}

function readCertificate(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new OperatorCertificateError('tls-certificate-malformed', `--tls-cert ${path} holds no certificate in PEM; give the chain, the server's own first`, error);
  }
}

function readKey(pem: string, path: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    const isEncrypted = /ENCRYPTED/.test(pem);
    const advice = isEncrypted ? 'is encrypted; give it without a passphrase (openssl pkey -in KEY -out PLAIN)' : 'holds no private key in PEM; give the key of --tls-cert';
    throw new OperatorCertificateError('tls-key-malformed', `--tls-key ${path} ${advice}`, error);
  }
}
