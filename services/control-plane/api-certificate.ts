/** The certificate of the API's port: the operator's own where given, else a self-signed one that names where agents call. */
import type { Logger } from 'pino';
import { systemClock } from '../application/clock.ts';
import type { ControlPlaneOptions } from './options.ts';
import { StartError } from './start-error.ts';
import { localNames } from './tls/certificate-names.ts';
import { createSelfSignedCertificate } from './tls/self-signed-certificate.ts';
import type { ApiCertificate } from './tls/served-certificate.ts';
import { watchOperatorCertificate } from './tls/watched-certificate.ts';

/** Throws {@link StartError} `tls-options-incomplete`, OperatorCertificateError, and the system's errors. */
export async function loadApiCertificate(options: ControlPlaneOptions, hosts: readonly string[], logger: Logger): Promise<ApiCertificate> {
  const { tlsCert, tlsKey, dataDir } = options;
  if (tlsCert !== undefined && tlsKey !== undefined) return watchOperatorCertificate({ certFile: tlsCert, keyFile: tlsKey }, { clock: systemClock, logger });
  if (tlsCert !== undefined || tlsKey !== undefined) {
    throw new StartError('tls-options-incomplete', '--tls-cert and --tls-key go together: give both, or none for a self-signed certificate');
  }
  return createSelfSignedCertificate({
    dataDir,
    names: [...localNames(), ...hosts],
    onNamesLeftOut({ count, first }) {
      logger.warn({ count, first }, 'the self-signed certificate takes 1,000 names and leaves out the rest: give environments addresses that share a host, or a certificate of your own by --tls-cert and --tls-key');
    },
  });
}
