/** What `serve` can be told, and what holds where it is told nothing. */

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
  /** Where every event is published; nowhere by default. */
  readonly nats?: NatsSettings;
  /** Secret: the first admin's password; made and shown where absent. */
  readonly adminPassword?: string;
  /** Opens no port: only admin.sock, for a command that finds no server running. Tunnels and polls of before are left as they are. */
  readonly isLocal?: boolean;
}

export const controlPlaneDefaults = {
  dataDir: './homeport-data',
  host: '0.0.0.0',
  httpsPort: 9443,
  tunnelPort: 8000,
} as const;

/** What ready means, for whoever started it. */
export interface ReadyLine {
  readonly ready: true;
  /** Works on this machine. */
  readonly url: string;
  /** host:port. */
  readonly tunnelAddress: string;
  readonly dataDir: string;
  /** On the very first start only. */
  readonly admin?: { readonly username: string; readonly password: string };
}

/** Why the control plane can't start. The message is one line that says what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
  /** Stable and kebab-case, such as port-in-use or data-directory-in-use. */
  readonly code: string;

  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
