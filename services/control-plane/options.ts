/** What `serve` can be told, and what holds where it is told nothing. */

import type { OpenIdConnectSettings } from '../../web-gateway/openid-connect/settings.ts';
import type { NatsSettings } from '../taps/nats-connection.ts';

export interface ControlPlaneOptions {
  readonly dataDir: string;
  /** The address both ports are bound to. */
  readonly host: string;
  /** 0 picks a free one; so does tunnelPort. */
  readonly httpsPort: number;
  readonly tunnelPort: number;
  /** host:port offered when an environment is created. */
  readonly publicAddress?: string;
  /** host:port of the tunnel port, where agents reach it by another address than its environment's host. */
  readonly tunnelAddress?: string;
  /** Networks and addresses of reverse proxies whose word on their clients' addresses is believed; none by default. */
  readonly trustedProxy?: readonly string[];
  /** PEM files; both or none. */
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  /** The file of the installation key; `keys/installation.key` in the data directory by default. */
  readonly keyFile?: string;
  /** The file of the key that signs checkpoints; `keys/checkpoint.key` in the data directory by default. */
  readonly checkpointKeyFile?: string;
  /** `sqlite`, the embedded store, or an EventStoreDB's connection string; sqlite by default. */
  readonly eventStore?: string;
  /** Where every event is published; nowhere by default. */
  readonly nats?: NatsSettings;
  /** `store` serves the embedded store to others and runs nothing else; all by default. */
  readonly roles?: 'all' | 'store';
  /** Where clients of EventStoreDB read history; 0 picks a free port. Nowhere by default. */
  readonly auditPort?: number;
  /** With roles `store` only: the one account may write. */
  readonly isAuditWritable?: boolean;
  /** With roles `store` only: that account's name (homeport by default) and, secret, its password; made where absent. */
  readonly auditUser?: string;
  readonly auditPassword?: string;
  /** How people sign in by OpenID Connect; by password alone where absent. */
  readonly openIdConnect?: OpenIdConnectSettings;
  /** Secret: the first admin's password; made and shown where absent. */
  readonly adminPassword?: string;
  /** At a stop: how long `/readyz` says no before anything ends; 0 by default. */
  readonly drainDelayMs?: number;
  /** At a stop: how long requests, and then channels, may finish. */
  readonly drainTimeoutMs?: number;
  /** Opens no port: only admin.sock, for a command that finds no server running. Tunnels and polls of before are left as they are. */
  readonly isLocal?: boolean;
}

export const controlPlaneDefaults = {
  dataDir: './homeport-data',
  host: '0.0.0.0',
  httpsPort: 9443,
  tunnelPort: 8000,
  drainTimeoutMs: 5000,
} as const;

/** What ready means, for whoever started it. */
export interface ReadyLine {
  readonly ready: true;
  /** Works on this machine. Absent, as the tunnel address is, where only the store runs. */
  readonly url?: string;
  /** host:port. */
  readonly tunnelAddress?: string;
  readonly dataDir: string;
  /** With an audit port: what clients of EventStoreDB connect by on this machine, but for a name and an API key. */
  readonly audit?: string;
  /** Where only the store runs: what others connect by on this machine, with the name and password where they were made here. */
  readonly store?: string;
  /** On the very first start only. */
  readonly admin?: { readonly username: string; readonly password: string };
}
