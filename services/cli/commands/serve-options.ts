/** What the flags of `homeport serve` mean together: misuse is refused before anything starts. */
import { parseHostPort } from '../../../proto/host-port.ts';
import type { ControlPlaneOptions } from '../../control-plane/options.ts';
import { misuse } from '../cli-error.ts';
import { readSecretFile } from '../flags.ts';
import { openIdConnectOf } from './openid-connect-options.ts';
import type { LogLevel } from '../log-levels.ts';

/** The flags as they are parsed, by their names in camel case. */
export interface ServeFlags {
  readonly dataDir: string;
  readonly host: string;
  readonly httpsPort: number;
  readonly tunnelPort: number;
  readonly publicAddress?: string;
  readonly tunnelAddress?: string;
  readonly trustedProxy?: readonly string[];
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly keyFile?: string;
  readonly checkpointKeyFile?: string;
  readonly eventStore?: string;
  readonly eventStoreFile?: string;
  readonly nats?: string;
  readonly natsFile?: string;
  readonly natsCreds?: string;
  readonly natsNkey?: string;
  readonly natsCa?: string;
  readonly natsCert?: string;
  readonly natsKey?: string;
  readonly auditPort?: number;
  readonly roles?: readonly string[];
  readonly auditWritable?: boolean;
  readonly auditUser?: string;
  readonly auditPasswordFile?: string;
  readonly adminPasswordFile?: string;
  readonly oidcIssuer?: string;
  readonly oidcClientId?: string;
  readonly oidcClientSecretFile?: string;
  readonly oidcRoleMap?: readonly string[];
  readonly oidcGroupsClaim?: string;
  readonly oidcScope?: string;
  readonly oidcRedirectUrl?: string;
  readonly oidcCaFile?: string;
  /** In milliseconds. */
  readonly drainDelay?: number;
  readonly drainTimeout?: number;
  readonly logLevel: LogLevel;
}

/** What runs where nothing is left away; so far the store alone can be run apart from the rest. */
const allRoles: readonly string[] = ['store', 'polls', 'tunnels', 'gateway', 'taps'];

/**
 * The options of a control plane for these flags, and for HOMEPORT_ADMIN_PASSWORD in `env`; the files of secrets are read.
 * Throws a CliError: `misuse` where flags don't go together, `secret-file-unreadable`.
 */
export function serveOptions(flags: ServeFlags, env: NodeJS.ProcessEnv): ControlPlaneOptions {
  const { dataDir, host, httpsPort, tunnelPort, auditPort, keyFile, checkpointKeyFile } = flags;
  const { publicAddress, tunnelAddress, trustedProxy, tlsCert, tlsKey, adminPasswordFile } = flags;
  refuseBrokenAddress('--public-address', publicAddress);
  refuseBrokenAddress('--tunnel-address', tunnelAddress);
  if ((tlsCert === undefined) !== (tlsKey === undefined)) throw misuse('--tls-cert and --tls-key go together: give both, or none');
  const adminPassword = adminPasswordFile === undefined ? env.HOMEPORT_ADMIN_PASSWORD : readSecretFile(adminPasswordFile);
  return {
    dataDir,
    host,
    httpsPort,
    tunnelPort,
    ...rolesOf(flags),
    ...given({
      publicAddress,
      tunnelAddress,
      trustedProxy,
      tlsCert,
      tlsKey,
      keyFile,
      checkpointKeyFile,
      auditPort,
      drainDelayMs: flags.drainDelay,
      drainTimeoutMs: flags.drainTimeout,
      eventStore: eitherOf('--event-store', flags.eventStore, flags.eventStoreFile),
      nats: natsOf(flags),
      openIdConnect: openIdConnectOf(flags, env),
      adminPassword: adminPassword === '' ? undefined : adminPassword,
    }),
  };
}

/** Without those that are undefined. */
function given<T extends object>(values: T): { readonly [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as { readonly [K in keyof T]?: Exclude<T[K], undefined> };
}

function refuseBrokenAddress(name: string, address: string | undefined): void {
  if (address !== undefined && parseHostPort(address) === undefined) throw misuse(`${name} is ${address}: give HOST:PORT, such as homeport.example.com:9443`);
}

/** What is named by a flag or, where it is secret, by a file: not by both, for one of them would be passed over in silence. */
function eitherOf(name: string, value: string | undefined, file: string | undefined): string | undefined {
  if (file === undefined) return value;
  if (value !== undefined) throw misuse(`${name} and ${name}-file name the same: give one of them`);
  return readSecretFile(file);
}

function rolesOf(flags: ServeFlags): Pick<ControlPlaneOptions, 'roles' | 'isAuditWritable' | 'auditUser' | 'auditPassword'> {
  const { roles, auditPort, auditWritable = false, auditUser, auditPasswordFile } = flags;
  const named = new Set(roles ?? ['all']);
  if (named.has('all') || allRoles.every((role) => named.has(role))) {
    if (auditWritable || auditUser !== undefined || auditPasswordFile !== undefined) {
      throw misuse('--audit-writable, --audit-user and --audit-password-file go with --roles store; elsewhere auditors read with their API keys, and only this server writes');
    }
    return {};
  }
  if (named.size !== 1 || !named.has('store')) throw misuse(`--roles is ${[...named].join(',')}: give all, or store alone`);
  if (auditPort === undefined) throw misuse('--roles store serves its store at the audit port: give --audit-port, such as 2113');
  if ((flags.eventStore ?? 'sqlite') !== 'sqlite' || flags.eventStoreFile !== undefined) throw misuse('--roles store serves the embedded store: leave --event-store away');
  if (flags.nats !== undefined || flags.natsFile !== undefined) throw misuse('--roles store publishes nothing: give --nats to the server that runs the rest');
  const auditPassword = auditPasswordFile === undefined ? undefined : readSecretFile(auditPasswordFile);
  return { roles: 'store', isAuditWritable: auditWritable, ...given({ auditUser, auditPassword }) };
}

function natsOf({ nats, natsFile, natsCreds, natsNkey, natsCa, natsCert, natsKey }: ServeFlags): ControlPlaneOptions['nats'] {
  const url = eitherOf('--nats', nats, natsFile);
  const files = given({ credentialsFile: natsCreds, nkeyFile: natsNkey, caFile: natsCa, certFile: natsCert, keyFile: natsKey });
  if (url !== undefined && url !== '') return { url, ...files };
  if (Object.keys(files).length > 0) throw misuse('the other --nats-… flags need --nats: name the server');
  return undefined;
}
