/** Which certificate of a server is trusted, and TLS connections that insist on it before a byte is sent. */
import { createHash } from 'node:crypto';
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { CliError } from '../cli-error.ts';
import { programName } from '../program-name.ts';

/**
 * - `system`: the certificate authorities this machine trusts.
 * - `authority`: those in a PEM text, alone.
 * - `key`: the public key that was confirmed at sign-in, by its hash. A certificate that is reissued keeps its key.
 * - `anything`: no check at all.
 */
export type Trust =
  | { readonly kind: 'system' }
  | { readonly kind: 'authority'; readonly pem: string }
  | { readonly kind: 'key'; readonly spkiSha256: string }
  | { readonly kind: 'anything' };

/** SHA-256 over a certificate's public key (SPKI), base64. */
export function publicKeyHash(certificate: X509Certificate): string {
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('base64');
}

/**
 * Connects over TLS and resolves once the certificate was checked. Half-close works both ways.
 * Throws {@link CliError} server-unreachable, certificate-not-trusted or server-not-tls.
 */
export function connectTrusting(url: URL, trust: Trust, signal?: AbortSignal): Promise<TLSSocket> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const options: ConnectionOptions & { readonly allowHalfOpen: true } = {
      host,
      port: url.port === '' ? 443 : Number(url.port),
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ALPNProtocols: ['http/1.1'],
      allowHalfOpen: true,
      ...(trust.kind === 'authority' ? { ca: trust.pem } : {}),
      // With a pinned key the check below is the one that counts, and it runs before anything is sent.
      rejectUnauthorized: trust.kind === 'system' || trust.kind === 'authority',
    };
    const socket = connect(options);
    // A keystroke must not wait for the acknowledgement of the one before.
    socket.setNoDelay(true);
    const give = (error: Error): void => {
      socket.destroy();
      reject(signal?.aborted === true ? error : connectionError(url, error));
    };
    const abort = (): void => give(new Error('cancelled', { cause: signal?.reason }));
    if (signal?.aborted === true) return abort();
    signal?.addEventListener('abort', abort, { once: true });
    socket.once('error', give);
    socket.once('secureConnect', () => {
      signal?.removeEventListener('abort', abort);
      socket.off('error', give);
      const problem = distrust(socket, trust);
      if (problem === undefined) return resolve(socket);
      socket.destroy();
      reject(new CliError('certificate-not-trusted', `${url.host} ${problem}`));
    });
  });
}

function distrust(socket: TLSSocket, trust: Trust): string | undefined {
  if (trust.kind !== 'key') return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (certificate !== undefined && publicKeyHash(certificate) === trust.spkiSha256) return undefined;
  return `shows another key than at sign-in: someone may be in between, or the server was set up anew; if that is so, run ${programName()} login again`;
}

function connectionError(url: URL, error: Error): CliError {
  const code = 'code' in error ? String(error.code) : '';
  const options = { cause: error };
  if (/CERT|SIGNATURE|ISSUER|ALTNAME|SELF_SIGNED/.test(code)) {
    const remedy = `run ${programName()} login ${url.origin} to confirm it, or pass --ca-file`;
    return new CliError('certificate-not-trusted', `the certificate of ${url.host} can't be verified (${code}): ${remedy}`, options);
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL')) {
    return new CliError('server-not-tls', `${url.host} does not speak HTTPS: check the port (Homeport's is 9443)`, options);
  }
  const reasons: Readonly<Record<string, string>> = {
    ECONNREFUSED: 'nothing listens there',
    ENOTFOUND: 'there is no such host',
    EAI_AGAIN: 'its name could not be looked up',
    ETIMEDOUT: 'no answer',
    EHOSTUNREACH: 'no route to it',
    ENETUNREACH: 'no route to it',
    ECONNRESET: 'the connection was reset',
  };
  const reason = reasons[code] ?? error.message;
  return new CliError('server-unreachable', `${url.host} can't be reached (${reason}): check the address, and that the server runs`, options);
}
