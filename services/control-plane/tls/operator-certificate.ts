/** The API's certificate where the operator brings one: --tls-cert and --tls-key. */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { certificateSpkiSha256 } from '../../../proto/fingerprint.ts';
import { isPubliclyTrusted } from './public-trust.ts';
import type { ApiCertificate } from './served-certificate.ts';

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

/** Reads a PEM certificate (leaf first, intermediates after it) and its key. Throws {@link OperatorCertificateError}. */
export function loadOperatorCertificate(files: { readonly certFile: string; readonly keyFile: string }): ApiCertificate {
  const certificatePem = read('--tls-cert', files.certFile);
  const key = readKey(read('--tls-key', files.keyFile), files.keyFile);
  const certificate = readCertificate(certificatePem, files.certFile);
  if (!certificate.checkPrivateKey(key)) {
    throw new OperatorCertificateError(
      'tls-key-mismatch',
      `--tls-key ${files.keyFile} is not the key of the first certificate in --tls-cert ${files.certFile}; give the pair, the server's own certificate first`,
    );
  }
  const served = {
    certificatePem,
    keyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    spkiSha256: certificateSpkiSha256(certificate),
  };
  return {
    caPem: null,
    isPublic: isPubliclyTrusted(certificatePem),
    current: () => served,
    addNames: () => Promise.resolve(false),
    onReplaced: () => () => undefined,
    stop: () => undefined,
  };
}

function read(flag: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
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
