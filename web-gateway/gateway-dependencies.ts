/** What the gateway is made of. */
import type { Logger } from 'pino';
import type { Projections } from '../projections/port.ts';
import type { Accounts } from '../services/application/ports/accounts.ts';
import type { Activity } from '../services/application/ports/activity.ts';
import type { Checkpoints } from '../services/application/ports/checkpoints.ts';
import type { Connections } from '../services/application/ports/connections.ts';
import type { Environments } from '../services/application/ports/environments.ts';
import type { EventExports, History } from '../services/application/ports/history.ts';
import type { SettingsAccess } from '../services/application/ports/settings.ts';
import type { SnapshotRequests } from '../services/application/ports/snapshots.ts';
import type { TunnelCertificate } from '../services/application/ports/tunnel-certificate.ts';
import type { EnvironmentAccess, Users } from '../services/application/ports/users.ts';
import type { ResolveHost } from '../services/application/address-hints.ts';
import type { AgentDelivery } from '../services/agent-delivery/port.ts';
import type { TunnelDialer } from '../services/tunnels/port.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import type { OpenIdConnectSettings } from './openid-connect/settings.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';

/** Whether the process can do its work, part by part. */
export interface Readiness {
  readonly ready: boolean;
  /** A part's name, and `ok` or what is wrong with it. */
  readonly checks: Readonly<Record<string, string>>;
}

/** An address by which other machines may reach the API's port. */
export interface MachineAddress {
  /** host:port. */
  readonly address: string;
  readonly source: 'host-name' | 'interface' | 'certificate';
  /** The network interface's name; null for a name. */
  readonly interface: string | null;
}

export interface GatewayDependencies {
  readonly environments: Environments;
  readonly connections: Connections;
  readonly accounts: Accounts;
  readonly users: Users;
  readonly environmentAccess: EnvironmentAccess;
  readonly settings: SettingsAccess;
  readonly tunnelCertificate: TunnelCertificate;
  readonly snapshots: SnapshotRequests;
  readonly activity: Activity;
  readonly history: History;
  readonly eventExports: EventExports;
  readonly checkpoints: Checkpoints;
  readonly projections: Pick<Projections, 'environments' | 'snapshots' | 'containers' | 'fleet' | 'timeline' | 'activity' | 'past' | 'changes' | 'whenApplied' | 'whenComplete' | 'rebuild'>;
  readonly dialer: TunnelDialer;
  readonly agentDelivery: AgentDelivery;
  readonly metrics: GatewayMetrics;
  readonly logger: Logger;
  /** Homeport's version. */
  readonly version: string;
  readonly readiness: () => Readiness | Promise<Readiness>;
  /** The certificate that clients trust where the installation has a CA of its own; undefined where it has none. */
  readonly caCertificatePem?: () => string | undefined;
  /** host:port offered to new environments that name no address; by default what the request's Host says. */
  readonly publicAddress?: string;
  /** Other addresses to offer; none by default. */
  readonly machineAddresses?: () => readonly MachineAddress[];
  /** How one signs in by OpenID Connect, and a key of its own, of 32 bytes; absent where one can't. */
  readonly openIdConnect?: { readonly settings: OpenIdConnectSettings; readonly key: Uint8Array };
  /** Origins (`https://host[:port]`) from which browsers may ask besides the request's own Host. */
  readonly allowedOrigins?: readonly string[];
  /** Whether an address is a reverse proxy's whose X-Forwarded-For is believed; none is by default. */
  readonly isTrustedProxy?: (address: string) => boolean;
  /** How hints on addresses look hosts up; as this machine does by default. */
  readonly resolveHost?: ResolveHost;
  readonly limits?: Partial<GatewayLimits>;
}
