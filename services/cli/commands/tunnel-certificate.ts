/** `homeport tunnel-certificate`: the certificate that agents pin, and its rotation. */
import { Command } from 'commander';
import { agreed } from '../agreed.ts';
import { misuse } from '../cli-error.ts';
import { withClient, withConnectionFlags } from '../connection.ts';
import type { ConnectionFlags } from '../connection.ts';
import { durationSeconds, flag } from '../flags.ts';
import { renderOne, withOutputFlags } from '../output.ts';
import type { Layout, OutputFlags } from '../output.ts';
import type { RestClient } from '../rest/rest-client.ts';

interface TunnelCertificate {
  readonly fingerprint: string;
  readonly since: string | null;
  readonly formers: readonly { readonly fingerprint: string; readonly acceptedUntil: string }[];
}

type CommonFlags = ConnectionFlags & OutputFlags;

const PATH = '/settings/tunnel-certificate';

const LAYOUT: Layout<TunnelCertificate> = {
  columns: [
    { title: 'Fingerprint', of: ({ fingerprint }) => fingerprint },
    { title: 'In use since', of: ({ since }) => since ?? 'the beginning' },
    { title: 'Accepted too', of: ({ formers }) => formers.map(({ fingerprint, acceptedUntil }) => `${fingerprint} until ${acceptedUntil}`).join(', ') },
  ],
  name: ({ fingerprint }) => fingerprint,
  id: ({ fingerprint }) => fingerprint,
};

export function tunnelCertificateCommand(): Command {
  return new Command('tunnel-certificate')
    .description('the certificate of the tunnel port, which agents pin')
    .addCommand(showCommand())
    .addCommand(rotateCommand())
    .addCommand(retireCommand());
}

function showCommand(): Command {
  const command = new Command('show').alias('inspect').description('show the fingerprint in use, and former ones that agents accept still');
  return withFlags(command).action((flags: CommonFlags) => withClient(flags, (client) => print(client, 'GET', PATH, flags)));
}

function rotateCommand(): Command {
  const command = new Command('rotate')
    .description('make a new key and certificate; open tunnels live on, and agents follow by themselves, also those that are off')
    .addOption(flag('--former-accepted <duration>', 'for how long agents accept the former one, such as 24h; 30d otherwise').argParser(durationSeconds))
    .addOption(flag('--leaked', 'the key may have leaked: no former one is accepted any more'))
    .addOption(flag('-y, --yes', 'do not ask'));
  return withFlags(command).action(async (flags: CommonFlags & { formerAccepted?: number; leaked?: true; yes?: true }) => {
    const { formerAccepted, leaked } = flags;
    if (leaked === true && formerAccepted !== undefined) throw misuse('--leaked and --former-accepted exclude each other: a key that leaked is accepted no longer');
    const seconds = leaked === true ? 0 : formerAccepted;
    await withClient(flags, async (client) => {
      await agreed(flags, leaked === true ? 'Make a new tunnel certificate, and end all former ones at once?' : 'Make a new tunnel certificate?');
      await print(client, 'POST', `${PATH}/rotate`, flags, seconds === undefined ? {} : { formerAcceptedSeconds: seconds });
    });
  });
}

function retireCommand(): Command {
  const command = new Command('retire').description('end the acceptance of all former ones, and destroy their keys').addOption(flag('-y, --yes', 'do not ask'));
  return withFlags(command).action(async (flags: CommonFlags & { yes?: true }) => {
    await withClient(flags, async (client) => {
      await agreed(flags, 'End all former tunnel certificates?');
      await print(client, 'DELETE', `${PATH}/formers`, flags);
    });
  });
}

function withFlags(command: Command): Command {
  return withOutputFlags(withConnectionFlags(command));
}

async function print(client: RestClient, method: string, path: string, flags: OutputFlags, body?: object): Promise<void> {
  const answer = await client.call(method, path, body === undefined ? {} : { body });
  process.stdout.write(renderOne(answer.body as TunnelCertificate, LAYOUT, flags));
}
