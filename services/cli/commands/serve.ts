/** `homeport serve`: runs the control plane until it is told to stop. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { controlPlaneDefaults } from '../../control-plane/options.ts';
import type { ReadyLine } from '../../control-plane/options.ts';
import { durationMs, flag, portNumber, secretFileFlag, several } from '../flags.ts';
import { LOG_LEVELS } from '../log-levels.ts';
import { untilStopped } from '../stop-signals.ts';
import { type ServeFlags, serveOptions } from './serve-options.ts';

/** Creates the command. */
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
    .addOption(flag('--checkpoint-key-file <file>', 'the key that signs checkpoints, where it is not in the data directory'))
    .addOption(flag('--event-store <store>', "sqlite, the embedded store and the default, or an EventStoreDB's connection string: esdb://…"))
    .addOption(secretFileFlag('event-store', 'a file that holds that connection string, where it holds a password'))
    .addOption(flag('--nats <url>', 'publish every event to this NATS server: nats:// or tls://[user:password@]host[:4222], several with commas'))
    .addOption(secretFileFlag('nats', 'a file that holds that address, where it holds a password'))
    .addOption(flag('--nats-creds <file>', 'the NATS account, as a credentials file'))
    .addOption(flag('--nats-nkey <file>', 'the NATS account, as an nkey seed'))
    .addOption(flag('--nats-ca <file>', "the authority of the NATS server's certificate, PEM"))
    .addOption(flag('--nats-cert <file>', 'a certificate for NATS, PEM'))
    .addOption(flag('--nats-key <file>', 'its key, PEM'))
    .addOption(flag('--audit-port <port>', 'where EventStoreDB clients read history; 0 picks a free one, and without it there is none').argParser(portNumber))
    .addOption(flag('--roles <roles>', 'what runs here: all, the default, or store alone, which serves the embedded store at the audit port').argParser(several))
    .addOption(flag('--audit-writable', 'with --roles store: its one account may write'))
    .addOption(flag('--audit-user <name>', 'with --roles store: the name of its one account; homeport otherwise'))
    .addOption(secretFileFlag('audit-password', 'with --roles store: a file that holds its password; made and shown otherwise'))
    .addOption(secretFileFlag('admin-password', "a file that holds the first admin's password (or HOMEPORT_ADMIN_PASSWORD); made and shown once otherwise"))
    .addOption(flag('--oidc-issuer <url>', 'let people sign in by OpenID Connect too, with this provider, by its https URL'))
    .addOption(flag('--oidc-client-id <id>', 'what this server is registered as there'))
    .addOption(secretFileFlag('oidc-client-secret', 'a file that holds its secret there (or HOMEPORT_OIDC_CLIENT_SECRET)'))
    .addOption(flag('--oidc-role-map <group=role>', 'which role a group gives; may be given several times, and the highest counts').argParser(several))
    .addOption(flag('--oidc-groups-claim <claim>', "the claim that lists a user's groups; groups otherwise"))
    .addOption(flag('--oidc-scope <scopes>', 'what is asked of the provider; “openid profile email” otherwise'))
    .addOption(flag('--oidc-redirect-url <url>', 'where the provider sends browsers back; /api/v1/oidc/callback at the address they called otherwise'))
    .addOption(flag('--oidc-ca-file <file>', "the authority of the provider's certificate, PEM"))
    .addOption(flag('--drain-delay <duration>', 'at a stop, how long /readyz says no before anything ends, such as 10s; 0s otherwise').argParser(durationMs))
    .addOption(flag('--drain-timeout <duration>', 'at a stop, how long requests, and then channels, may finish, such as 30s; 5s otherwise').argParser(durationMs))
    .addOption(new Option('--log-level <level>', 'how much is logged').choices(LOG_LEVELS).default('info').env('HOMEPORT_LOG_LEVEL'))
    .action(serve);
}

async function serve(flags: ServeFlags): Promise<void> {
  const options = serveOptions(flags, process.env);
  // Client commands start faster without all of it.
  const { createLogger } = await import('../logger.ts');
  const logger = createLogger(flags.logLevel);
  const drainSeconds = ((options.drainDelayMs ?? 0) + (options.drainTimeoutMs ?? controlPlaneDefaults.drainTimeoutMs)) / 1000;
  const stopping = (): void => logger.info(`stopping: what is under way may take up to ${String(drainSeconds)} s to end; a second signal ends it at once`);
  await untilStopped(stopping, async () => {
    const { startControlPlane } = await import('../../control-plane/serve.ts');
    const controlPlane = await startControlPlane(options, { logger });
    process.stdout.write(process.stdout.isTTY ? readyForPeople(controlPlane.readyLine) : `${JSON.stringify(controlPlane.readyLine)}\n`);
    return controlPlane;
  });
}

function readyForPeople({ url, tunnelAddress, dataDir, audit, store, admin }: ReadyLine): string {
  if (url === undefined) return `\nThe store is ready.\n\n  store     ${store ?? ''}\n  data      ${dataDir}\n\nCtrl-C stops it.\n\n`;
  const history = audit === undefined ? '' : `  history   ${audit}\n`;
  const file = join(dataDir, 'initial-admin-password');
  const known = existsSync(file) ? `  sign in   admin, password in ${file}\n` : '';
  const signIn = admin === undefined ? known : `  sign in   ${admin.username}, password ${admin.password}\n            (also in ${file} until it is changed)\n`;
  return `\nHomeport is ready.\n\n  web UI    ${url}\n  tunnels   ${tunnelAddress ?? ''}\n${history}  data      ${dataDir}\n${signIn}\nCtrl-C stops it.\n\n`;
}
