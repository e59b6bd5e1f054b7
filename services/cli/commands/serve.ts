/** `homeport serve`: runs the control plane until it is told to stop. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { parseHostPort } from '../../../proto/host-port.ts';
import { controlPlaneDefaults } from '../../control-plane/options.ts';
import type { ControlPlaneOptions, ReadyLine } from '../../control-plane/options.ts';
import { misuse } from '../cli-error.ts';
import { flag, portNumber, readSecretFile, secretFileFlag, several } from '../flags.ts';
import { createLogger, LOG_LEVELS } from '../logger.ts';
import type { LogLevel } from '../logger.ts';
import { untilStopped } from '../stop-signals.ts';

interface Flags {
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
  readonly nats?: string;
  readonly natsFile?: string;
  readonly natsCreds?: string;
  readonly natsNkey?: string;
  readonly natsCa?: string;
  readonly natsCert?: string;
  readonly natsKey?: string;
  readonly adminPasswordFile?: string;
  readonly logLevel: LogLevel;
}

export function serveCommand(): Command {
  const { dataDir, host, httpsPort, tunnelPort } = controlPlaneDefaults;
  return new Command('serve')
    .description('run the control plane')
    .addOption(flag('--data-dir <folder>', 'where everything is kept').default(dataDir))
    .addOption(flag('--host <address>', 'the address both ports are bound to').default(host))
    .addOption(flag('--https-port <port>', 'UI, REST, Docker proxy and polls; 0 picks a free one').argParser(portNumber).default(httpsPort))
    .addOption(flag('--tunnel-port <port>', 'tunnels; 0 picks a free one').argParser(portNumber).default(tunnelPort))
    .addOption(flag('--public-address <host:port>', 'the address offered to agents when an environment is created'))
    .addOption(flag('--tunnel-address <host:port>', 'the address of the tunnel port, where it is not the same host'))
    .addOption(flag('--trusted-proxy <cidr>', "a reverse proxy's network or address, whose X-Forwarded-For and PROXY protocol v2 are believed; may be given several times").argParser(several))
    .addOption(flag('--tls-cert <file>', 'the certificate of the HTTPS port, PEM, its chain after it; self-signed otherwise'))
    .addOption(flag('--tls-key <file>', 'its key, PEM'))
    .addOption(flag('--key-file <file>', 'the installation key, where it is not in the data directory'))
    .addOption(flag('--nats <url>', 'publish every event to this NATS server: nats:// or tls://[user:password@]host[:4222], several with commas'))
    .addOption(secretFileFlag('nats', 'a file that holds that address, where it holds a password'))
    .addOption(flag('--nats-creds <file>', 'the NATS account, as a credentials file'))
    .addOption(flag('--nats-nkey <file>', 'the NATS account, as an nkey seed'))
    .addOption(flag('--nats-ca <file>', "the authority of the NATS server's certificate, PEM"))
    .addOption(flag('--nats-cert <file>', 'a certificate for NATS, PEM'))
    .addOption(flag('--nats-key <file>', 'its key, PEM'))
    .addOption(secretFileFlag('admin-password', "a file that holds the first admin's password (or HOMEPORT_ADMIN_PASSWORD); made and shown once otherwise"))
    .addOption(new Option('--log-level <level>', 'how much is logged').choices(LOG_LEVELS).default('info').env('HOMEPORT_LOG_LEVEL'))
    .action(serve);
}

async function serve(flags: Flags): Promise<void> {
  const options = toOptions(flags);
  const logger = createLogger(flags.logLevel);
  const stopping = (): void => logger.info('stopping: what is under way may take up to 5 s to end');
  await untilStopped(stopping, async () => {
    // Client commands start faster without all of it.
    const { startControlPlane } = await import('../../control-plane/serve.ts');
    const controlPlane = await startControlPlane(options, { logger });
    process.stdout.write(process.stdout.isTTY ? readyForPeople(controlPlane.readyLine) : `${JSON.stringify(controlPlane.readyLine)}\n`);
    return controlPlane;
  });
}

function toOptions(flags: Flags): ControlPlaneOptions {
  const { adminPasswordFile, logLevel: _logLevel, nats: _nats, natsFile: _natsFile, natsCreds: _creds, natsNkey: _nkey, natsCa: _ca, natsCert: _cert, natsKey: _key, ...rest } = flags;
  for (const name of ['publicAddress', 'tunnelAddress'] as const) {
    const address = flags[name];
    if (address !== undefined && parseHostPort(address) === undefined) throw misuse(`--${name === 'publicAddress' ? 'public' : 'tunnel'}-address is ${address}: give HOST:PORT, such as homeport.example.com:9443`);
  }
  if ((flags.tlsCert === undefined) !== (flags.tlsKey === undefined)) throw misuse('--tls-cert and --tls-key go together: give both, or none');
  const adminPassword = adminPasswordFile === undefined ? process.env.HOMEPORT_ADMIN_PASSWORD : readSecretFile(adminPasswordFile);
  const nats = natsOf(flags);
  return { ...rest, ...(nats === undefined ? {} : { nats }), ...(adminPassword === undefined || adminPassword === '' ? {} : { adminPassword }) };
}

function natsOf({ nats, natsFile, natsCreds, natsNkey, natsCa, natsCert, natsKey }: Flags): ControlPlaneOptions['nats'] {
  const url = natsFile === undefined ? nats : readSecretFile(natsFile);
  if (url === undefined || url === '') {
    if ([natsCreds, natsNkey, natsCa, natsCert, natsKey].some((file) => file !== undefined)) throw misuse('the other --nats-… flags need --nats: name the server');
    return undefined;
  }
  return {
    url,
    ...(natsCreds === undefined ? {} : { credentialsFile: natsCreds }),
    ...(natsNkey === undefined ? {} : { nkeyFile: natsNkey }),
    ...(natsCa === undefined ? {} : { caFile: natsCa }),
    ...(natsCert === undefined ? {} : { certFile: natsCert }),
    ...(natsKey === undefined ? {} : { keyFile: natsKey }),
  };
}

function readyForPeople({ url, tunnelAddress, dataDir, admin }: ReadyLine): string {
  const file = join(dataDir, 'initial-admin-password');
  const known = existsSync(file) ? `  sign in   admin, password in ${file}\n` : '';
  const signIn = admin === undefined ? known : `  sign in   ${admin.username}, password ${admin.password}\n            (also in ${file} until it is changed)\n`;
  return `\nHomeport is ready.\n\n  API       ${url}\n  tunnels   ${tunnelAddress}\n  data      ${dataDir}\n${signIn}\nCtrl-C stops it.\n\n`;
}
