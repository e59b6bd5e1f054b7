/** The audit port as `serve` starts it: the front behind its listener, with the API's certificate as it changes. */
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { formatHostPort } from '../../proto/host-port.ts';
import type { Clock } from '../application/clock.ts';
import { createAuditFront } from '../audit/front.ts';
import type { EventStore } from '../event-store/port.ts';
import type { AuditAccounts } from './audit-accounts.ts';
import { createAuditListener } from './audit-listener.ts';
import type { ApiCertificate } from './tls/served-certificate.ts';
import type { IsTrustedProxy } from './trusted-proxies.ts';

/** The audit port, once it is open. */
export interface AuditPort {
  /** What clients of EventStoreDB connect by on this machine: `esdb://[user:password@]localhost:2113[?tlsCAFile=…]`. */
  connectionString(credentials?: { readonly username: string; readonly password: string }): string;
  /** Reads and subscriptions under way. */
  readers(): number;
  close(): void;
}

export interface AuditPortOptions {
  readonly store: EventStore;
  readonly accounts: AuditAccounts;
  /** Takes connections that speak HTTP/1.1; there are none by default. `address` is the peer's. */
  readonly onHttp?: (socket: Duplex, peer: { readonly address: string }) => void;
  /** Whether the accounts may write. */
  readonly isWritable: boolean;
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** The host by which this machine reaches it. */
  readonly localHost: string;
  readonly certificate: ApiCertificate;
  /** The PEM file of the authority, where clients need it. */
  readonly caFile: string;
  readonly isTrustedProxy: IsTrustedProxy;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Starts listening. Throws {@link import('./listen.ts').ListenError}. */
export async function startAuditPort(options: AuditPortOptions): Promise<AuditPort> {
  const { store, accounts, onHttp, isWritable, host, port, localHost, certificate, caFile, isTrustedProxy, clock, logger } = options;
  const front = createAuditFront({
    store,
    authenticate: accounts.authenticate,
    isWritable,
    clock,
    onFailure: (error) => logger.error({ err: error }, 'a call at the audit port failed'),
  });
  const listener = await createAuditListener({ host, port, certificate: certificate.current(), accept: front.accept, ...(onHttp === undefined ? {} : { onHttp }), isTrustedProxy, clock });
  const stopFollowing = certificate.onReplaced(listener.setCertificate);
  return {
    connectionString(credentials) {
      const account = credentials === undefined ? '' : `${encodeURIComponent(credentials.username)}:${encodeURIComponent(credentials.password)}@`;
      const trust = certificate.caPem === null ? '' : `?tlsCAFile=${caFile}`;
      return `esdb://${account}${formatHostPort({ host: localHost, port: listener.port })}${trust}`;
    },
    readers: () => front.readers(),
    close() {
      stopFollowing();
      front.close();
      listener.close();
      accounts.close();
    },
  };
}
