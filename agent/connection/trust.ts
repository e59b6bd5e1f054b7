/** Whom a connection trusts: authorities by name, or exactly one certificate. */
import type { X509Certificate } from 'node:crypto';
import * as tls from 'node:tls';
import { credentials } from '@grpc/grpc-js';
import type { ChannelCredentials } from '@grpc/grpc-js';
import type { HostPort } from '../../proto/host-port.ts';
import type { Acceptance } from './tls-handshake.ts';

/** What gRPC and a bare handshake both accept. */
export interface Trust {
  readonly credentials: ChannelCredentials;
  readonly acceptance: Acceptance;
}

/** Trusts the authorities given in PEM, or else those of the system and of Node, for certificates made out to the host. */
export function trustAuthorities({ host }: HostPort, caPem: string | undefined): Trust {
  const authorities = caPem ?? [...new Set([...tls.getCACertificates('system'), ...tls.getCACertificates('default')])];
  // With a partial chain the file may also hold the server's own certificate instead of a CA's.
  const secureContext = tls.createSecureContext({ ca: authorities, allowPartialTrustChain: true, minVersion: 'TLSv1.2' });
  return trust(secureContext, (_name, certificate) => tls.checkServerIdentity(host, certificate));
}

/** Trusts this certificate alone, whoever it is made out to. */
export function trustExactly(certificate: X509Certificate): Trust {
  const secureContext = tls.createSecureContext({ ca: certificate.toString(), allowPartialTrustChain: true, minVersion: 'TLSv1.2' });
  return trust(secureContext, (_name, shown) => (certificate.raw.equals(shown.raw) ? undefined : new Error('another certificate was shown')));
}

function trust(secureContext: tls.SecureContext, checkServerIdentity: (name: string, certificate: tls.PeerCertificate) => Error | undefined): Trust {
  return {
    // Bearer of an exact decision: gRPC must not fall back to anything else.
    credentials: credentials.createFromSecureContext(secureContext, { checkServerIdentity, rejectUnauthorized: true }),
    acceptance: { anyCertificate: false, secureContext, checkServerIdentity },
  };
}
