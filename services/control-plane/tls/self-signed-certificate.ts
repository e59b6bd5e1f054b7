/** The API's certificate where the operator brings none: a leaf of the installation CA, reissued as names come and time goes. */
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { certificateSpkiSha256 } from '../../../proto/fingerprint.ts';
import { certificateNames, MOST_NAMES } from './certificate-names.ts';
import { loadInstallationCa } from './installation-ca.ts';
import { keyPem, loadOrMakeKey, readIfPresent, tlsFolder, writeWhole } from './key-files.ts';
import type { ApiCertificate, ServedCertificate } from './served-certificate.ts';

/** A leaf is reissued this long before it ends. */
const RENEW_BEFORE_MS = 30 * 86_400_000;
const CHECK_EVERY_MS = 3_600_000;

export interface SelfSignedOptions {
  readonly dataDir: string;
  /** Hosts to name from the start. */
  readonly names: readonly string[];
  /** Told when there are more names than a certificate takes: the last ones are left out. */
  readonly onNamesLeftOut?: (leftOut: { readonly count: number; readonly first: string }) => void;
  /** Milliseconds since 1970. */
  readonly nowMs?: () => number;
}

/** {@link ApiCertificate} that can also be told to look at the time. */
export interface SelfSignedCertificate extends ApiCertificate {
  readonly caPem: string;
  /** Reissues the leaf where it ends soon; true where it did. Runs by itself once an hour. */
  renewIfDue(): Promise<boolean>;
}

/**
 * Reads or makes the CA (`tls/ca.pem`), the leaf's key (`tls/api.key`, kept for ever, so that fingerprints of it stay good)
 * and the leaf (`tls/api.pem`). Throws the system's errors where the folder can't be read or written.
 */
export async function createSelfSignedCertificate(options: SelfSignedOptions): Promise<SelfSignedCertificate> {
  const nowMs = options.nowMs ?? Date.now;
  const ca = await loadInstallationCa(options.dataDir);
  const caCertificate = new X509Certificate(ca.certificatePem);
  const key = loadOrMakeKey(join(tlsFolder(options.dataDir), 'api.key'));
  const path = join(tlsFolder(options.dataDir), 'api.pem');
  const listeners = new Set<(certificate: ServedCertificate) => void>();
  let names = takeNames(options.names);
  let work: Promise<unknown> = Promise.resolve();

  function takeNames(hosts: readonly string[]): readonly string[] {
    const all = certificateNames(hosts);
    const [first] = all.slice(MOST_NAMES);
    if (first !== undefined) options.onNamesLeftOut?.({ count: all.length - MOST_NAMES, first });
    return all.slice(0, MOST_NAMES);
  }

  const isGood = (certificate: X509Certificate): boolean => {
    const named = namesOf(certificate);
    return (
      certificate.checkPrivateKey(key) &&
      certificate.verify(caCertificate.publicKey) &&
      certificate.validFromDate.getTime() <= nowMs() &&
      certificate.validToDate.getTime() - nowMs() > RENEW_BEFORE_MS &&
      names.every((name) => named.has(name))
    );
  };

  const serve = (certificatePem: string): ServedCertificate => ({
    certificatePem,
    keyPem: keyPem(key),
    spkiSha256: certificateSpkiSha256(new X509Certificate(certificatePem)),
  });

  const issue = async (): Promise<ServedCertificate> => {
    const { makeLeafCertificate } = await import('./make-certificate.ts');
    const pem = await makeLeafCertificate(key, names, ca, nowMs());
    writeWhole(path, pem, 0o644);
    return serve(pem);
  };

  const stored = readIfPresent(path);
  let current = stored !== undefined && isGood(new X509Certificate(stored)) ? serve(stored) : await issue();

  /** One after the other, so that two new names never race for the file. */
  const reissueWhereNeeded = (): Promise<boolean> => {
    const done = work.then(async () => {
      if (isGood(new X509Certificate(current.certificatePem))) return false;
      current = await issue();
      for (const listener of listeners) listener(current);
      return true;
    });
    work = done.catch(() => undefined);
    return done;
  };

  // A failure to write is tried again in an hour; the old leaf is good for weeks yet.
  const timer = setInterval(() => void reissueWhereNeeded().catch(() => undefined), CHECK_EVERY_MS).unref();

  return {
    caPem: ca.certificatePem,
    isPublic: false,
    current: () => current,
    addNames(hosts) {
      names = takeNames([...names, ...hosts]);
      return reissueWhereNeeded();
    },
    onReplaced(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    renewIfDue: reissueWhereNeeded,
    stop: () => clearInterval(timer),
  };
}

/** The DNS names and IP addresses in a certificate, spelled as {@link certificateNames} spells them. */
function namesOf(certificate: X509Certificate): ReadonlySet<string> {
  const entries = (certificate.subjectAltName ?? '').split(', ').map((entry) => entry.replace(/^(?:DNS|IP Address):/, ''));
  return new Set(certificateNames(entries));
}
