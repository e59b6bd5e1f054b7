/** Why a connection to the control plane did not come about, in codes and in words that say what to do. */
import { BindingError } from '../../proto/binding.ts';
import type { BindingErrorCode } from '../../proto/binding.ts';

export type ConnectFailureCode =
  | 'name-not-found'
  | 'connection-refused'
  | 'connection-timeout'
  | 'network-unreachable'
  | 'connection-broken'
  | 'proxy-unreachable'
  | 'proxy-refused'
  /** It wants a user name and a password, or others than these. */
  | 'proxy-unauthorized'
  /** It would, but does not reach the address itself. */
  | 'proxy-cannot-connect'
  | 'not-tls'
  | 'http2-missing'
  | 'certificate-untrusted'
  | 'certificate-name-mismatch'
  | 'certificate-expired'
  | 'certificate-not-yet-valid'
  /** The certificate seen before is no longer the one that is shown. */
  | 'certificate-changed'
  | 'binding-unavailable'
  | BindingErrorCode;

/** What each code means and what to do about it: constant lines for the log. */
export const CONNECT_ADVICE: Readonly<Record<ConnectFailureCode, string>> = {
  'name-not-found': "the control plane's host name cannot be resolved; check this machine's DNS, or the environment's address",
  'connection-refused': 'nothing listens at this address; check that the control plane runs and that the address and port are right',
  'connection-timeout': 'this address does not answer; check firewalls and routes between here and there, or set HTTPS_PROXY',
  'network-unreachable': 'this machine has no route to this address; check its network',
  'connection-broken': 'the connection broke off before it was ready; check what stands between this machine and the control plane',
  'proxy-unreachable': 'the proxy of HTTPS_PROXY cannot be reached; check its address, or name this address in NO_PROXY',
  'proxy-refused': 'the proxy of HTTPS_PROXY refuses to connect to this address; allow it there, or name this address in NO_PROXY',
  'proxy-unauthorized': 'the proxy of HTTPS_PROXY does not take this user name and password; set them as http://USER:PASSWORD@HOST:PORT, special characters percent-encoded',
  'proxy-cannot-connect': 'the proxy of HTTPS_PROXY does not reach this address itself; check that the control plane runs, and that the proxy can resolve and reach its address',
  'not-tls': 'what answers at this address does not speak TLS; check the address and port, and any proxy in between',
  'http2-missing': 'what answers at this address does not speak HTTP/2, which gRPC needs; check the address, and any reverse proxy in between',
  'certificate-untrusted':
    "the control plane's certificate is signed by no authority that this machine trusts; set EDGE_CA_FILE to the control plane's CA (its /ca.pem), or EDGE_INSECURE_POLL=1 to trust its certificate by the join token's fingerprint",
  'certificate-name-mismatch':
    "the control plane's certificate is made out to other names than this address; use an address that it names, or set EDGE_INSECURE_POLL=1 to trust its certificate by the join token's fingerprint",
  'certificate-expired': "the control plane's certificate has ended by this machine's clock; renew it there, or set the clock here",
  'certificate-not-yet-valid': "the control plane's certificate is not valid yet by this machine's clock; set the clock",
  'certificate-changed': 'the certificate changed between two connections; check what stands between this machine and the control plane',
  'binding-unavailable': 'the control plane did not prove its certificate; check that the address leads to it, and update it where it is too old',
  'binding-malformed': 'what answers at this address proves its certificate in a way that cannot be read; nothing was sent to it',
  'fingerprint-mismatch':
    'what answers at this address is not the control plane whose fingerprint the join token pins; nothing was sent to it; check the address, what stands in between, and whether the join token (EDGE_KEY) is the current one',
  'binding-signature-invalid': "what answers at this address cannot prove to be the join token's control plane; nothing was sent to it; someone may stand in between",
  'binding-nonce-mismatch': 'what answers at this address repeats an old proof; nothing was sent to it; someone stands in between',
  'binding-certificate-mismatch':
    "the certificate at this address is not the control plane's; nothing was sent to it; someone stands in between, such as a proxy that opens TLS",
  'binding-expired': "the control plane's proof has ended by this machine's clock; set the clock",
};

/** Thrown where a connection could not be made or must not be used. */
export class ConnectFailure extends Error {
  override readonly name = 'ConnectFailure';
  readonly code: ConnectFailureCode;
  /** What the system said, where it said something. */
  readonly detail: string | undefined;

  constructor(code: ConnectFailureCode, detail?: string, cause?: unknown) {
    super(CONNECT_ADVICE[code], { cause });
    this.code = code;
    this.detail = detail;
  }
}

/** Whether the certificate, not the way to it, was the trouble. */
export function isCertificateFailure(failure: ConnectFailure): boolean {
  return failure.code.startsWith('certificate-');
}

const NETWORK_FAILURES: ReadonlySet<ConnectFailureCode> = new Set([
  'name-not-found',
  'connection-refused',
  'connection-timeout',
  'network-unreachable',
  'connection-broken',
  'proxy-unreachable',
  'proxy-cannot-connect',
  'binding-unavailable',
]);

/** Whether it may pass by itself, as a restart or an outage does. */
export function isNetworkFailure(failure: ConnectFailure): boolean {
  return NETWORK_FAILURES.has(failure.code);
}

/** Where something answers beside or before the control plane, and the control plane does not: the trouble is there, and every agent has it. */
const OUTAGES: ReadonlySet<ConnectFailureCode> = new Set(['connection-refused', 'connection-broken', 'proxy-cannot-connect', 'binding-unavailable']);

/** Whether it is the control plane that is away, and not the way to it. */
export function isOutage(failure: ConnectFailure): boolean {
  return OUTAGES.has(failure.code);
}

const BY_SYSTEM_CODE: Readonly<Record<string, ConnectFailureCode>> = {
  ENOTFOUND: 'name-not-found',
  EAI_AGAIN: 'name-not-found',
  ECONNREFUSED: 'connection-refused',
  ETIMEDOUT: 'connection-timeout',
  ENETUNREACH: 'network-unreachable',
  EHOSTUNREACH: 'network-unreachable',
  EADDRNOTAVAIL: 'network-unreachable',
  CERT_HAS_EXPIRED: 'certificate-expired',
  CERT_NOT_YET_VALID: 'certificate-not-yet-valid',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate-name-mismatch',
  ERR_SSL_WRONG_VERSION_NUMBER: 'not-tls',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'not-tls',
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'http2-missing',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate-untrusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate-untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate-untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate-untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate-untrusted',
  CERT_SIGNATURE_FAILURE: 'certificate-untrusted',
  CERT_UNTRUSTED: 'certificate-untrusted',
  INVALID_CA: 'certificate-untrusted',
  INVALID_PURPOSE: 'certificate-untrusted',
};

/** Any error of connecting as a {@link ConnectFailure}. */
export function connectFailureFrom(error: unknown): ConnectFailure {
  if (error instanceof ConnectFailure) return error;
  if (error instanceof BindingError) return new ConnectFailure(error.code, error.message, error);
  const systemCode = systemCodeOf(error);
  const detail = error instanceof Error ? error.message : String(error);
  return new ConnectFailure(BY_SYSTEM_CODE[systemCode] ?? 'connection-broken', detail === '' ? systemCode : detail, error);
}

/** Where several addresses of a name were tried, the first one's. */
function systemCodeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return systemCodeOf(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
