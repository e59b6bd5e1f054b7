/** The operator's certificate as its files change: a new pair is shown from the next connection on; a broken one leaves the old one in place. */
import { X509Certificate } from 'node:crypto';
import type { Logger } from 'pino';
import type { Clock } from '../../application/clock.ts';
import { type OperatorFiles, operatorCertificateOf, type OperatorTexts, readOperatorFiles } from './operator-certificate.ts';
import type { ApiCertificate, ServedCertificate } from './served-certificate.ts';

/**
 * How often the files are looked at, in milliseconds. Looking finds what no notice of the file system tells of: links that are led
 * elsewhere, as certbot and Kubernetes do it, and network file systems.
 */
export const LOOK_MS = 5_000;

/**
 * Reads the pair, and goes on looking at it. Two files are not replaced at once, so what is new is taken when two looks in a row have seen it.
 * Throws {@link import('./operator-certificate.ts').OperatorCertificateError}.
 */
export async function watchOperatorCertificate(files: OperatorFiles, { clock, logger }: { readonly clock: Clock; readonly logger: Logger }): Promise<ApiCertificate> {
  const listeners = new Set<(certificate: ServedCertificate) => void>();
  /** What the files held when they were judged last, good or not. */
  let judged = await readOperatorFiles(files);
  let current = operatorCertificateOf(judged, files);
  let seen: OperatorTexts | undefined;
  let isUnreadable = false;
  let isLooking = false;

  async function look(): Promise<void> {
    const before = seen;
    seen = await readOperatorFiles(files);
    isUnreadable = false;
    if (before === undefined || !isSame(seen, before) || isSame(seen, judged)) return;
    judged = seen;
    current = operatorCertificateOf(seen, files);
    const { subjectAltName, validTo } = new X509Certificate(current.certificatePem);
    logger.info({ names: subjectAltName, validTo }, 'the certificate was replaced');
    for (const listener of listeners) listener(current);
  }

  const stop = clock.every(LOOK_MS, () => {
    if (isLooking) return;
    isLooking = true;
    look()
      .catch((error: unknown) => {
        const isReadError = error instanceof Error && 'code' in error && error.code === 'tls-file-unreadable';
        // Once for each: the next look finds the same.
        if (isReadError && isUnreadable) return;
        isUnreadable = isReadError;
        logger.error({ err: error }, 'the new certificate can not be used; the old one stays');
      })
      .finally(() => (isLooking = false));
  });

  return {
    caPem: null,
    get isPublic() {
      return current.isPublic;
    },
    current: () => current,
    addNames: () => Promise.resolve(false),
    onReplaced(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    stop,
  };
}

function isSame(one: OperatorTexts, other: OperatorTexts): boolean {
  return one.certificate === other.certificate && one.key === other.key;
}
